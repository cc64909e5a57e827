//! Cover rounds in which members lose each other's trust, then an agreement among those left.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use oncard_trustedpals::uic::{Config, Mode, Uic};
use oncard_trustedpals::{Members, Trust};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const COVER_ROUNDS: u32 = 3;
const RUNS: u64 = 3_000;

fn config(n: usize, t: usize, me: usize) -> Config {
    Config::new(n, t, me, Mode::Full).unwrap()
}

/// After a cover round in which `loses(from, to)` is lost.
fn cover(all: &mut [Trust], mut loses: impl FnMut(usize, usize) -> bool) {
    let said: Vec<_> = all.iter().map(Trust::trusted).collect();
    for (to, trust) in all.iter_mut().enumerate() {
        let heard = said.iter().enumerate();
        let heard = heard.map(|(from, said)| said.filter(|_| from == to || !loses(from, to)));
        trust.step(&heard.collect::<Vec<_>>());
    }
}

fn agree(all: &mut [Uic<u8>], mut loses: impl FnMut(usize, usize) -> bool) {
    let said: Vec<_> = all.iter().map(Uic::report).collect();
    for (to, process) in all.iter_mut().enumerate() {
        let heard = said.iter().enumerate();
        let heard = heard.map(|(from, said)| said.clone().filter(|_| !loses(from, to)));
        process.step(&heard.collect::<Vec<_>>());
    }
}

#[test]
fn who_was_not_heard_once_is_not_trusted_again() {
    let mut all: Vec<_> = (0..5).map(|me| Trust::new(config(5, 2, me))).collect();
    cover(&mut all, |from, to| (from, to) == (0, 4));
    cover(&mut all, |_, _| false);
    assert_eq!(all[4].trusted(), Some(Members::from_iter([1, 2, 3, 4])));
    assert_eq!(all[0].trusted(), Some(Members::first(5)));
}

#[test]
fn who_too_few_trust_or_hear_halts_and_nobody_else() {
    for is_deaf in [true, false] {
        let mut all: Vec<_> = (0..5).map(|me| Trust::new(config(5, 2, me))).collect();
        cover(
            &mut all,
            |from, to| if is_deaf { to == 0 } else { from == 0 },
        );
        cover(&mut all, |_, _| false);
        assert_eq!(all[0].trusted(), None);
        assert!(all[1..].iter().all(|it| it.trusted().is_some()));
    }
}

/// Correct members agree on the inputs of all correct ones, whatever was lost before and meanwhile.
#[test]
fn an_agreement_among_those_left_is_right() {
    for (n, t) in [(3, 1), (5, 2), (7, 3)] {
        (0..RUNS).for_each(|seed| session(n, t, seed));
    }
}

fn session(n: usize, t: usize, seed: u64) {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let faulty = dice.next_u32() as usize % (t + 1);
    let many = 2 + dice.next_u32() % 10;
    let mut loses = |from: usize, to: usize| {
        let is_lossy = from != to && (from < faulty || to < faulty);
        is_lossy && dice.next_u32().is_multiple_of(many)
    };
    let mut trusts: Vec<_> = (0..n).map(|me| Trust::new(config(n, t, me))).collect();
    (0..COVER_ROUNDS).for_each(|_| cover(&mut trusts, &mut loses));
    let process = |(me, trust): (usize, &Trust)| {
        let trusted = trust.trusted().unwrap_or_default();
        Uic::trusting(config(n, t, me), me as u8, trusted)
    };
    let mut all: Vec<_> = trusts.iter().enumerate().map(process).collect();
    (0..=t).for_each(|_| agree(&mut all, &mut loses));
    let decisions: Vec<_> = all
        .iter()
        .map(|it| it.decision().map(|it| &it.values))
        .collect();
    let agreed = decisions[n - 1].unwrap();
    for (me, decision) in decisions.iter().enumerate() {
        assert!(
            me < faulty || decision.is_some(),
            "seed {seed}: {me} decides nothing"
        );
        assert!(
            decision.is_none_or(|it| it == agreed),
            "seed {seed}: {decisions:?}"
        );
    }
    assert!(
        (faulty..n).all(|me| agreed[me] == Some(me as u8)),
        "seed {seed}: {agreed:?}"
    );
}
