//! Hosts that omit messages, in every pattern, from some round on.

use crate::cards::{SETUP_ROUNDS, Setting, has_items, is_unfair, run};

const SLOTS: u32 = 3;
const SLOT: u32 = 1;
/// The last round before the agreement.
const BEFORE: u32 = SETUP_ROUNDS + SLOT;

/// Channels with a corrupt end; the first members are corrupt.
fn channels(n: usize, corrupt: usize) -> Vec<(usize, usize)> {
    let pairs = (0..n).flat_map(|from| (0..n).map(move |to| (from, to)));
    let lossy = pairs.filter(|(from, to)| from != to && (*from < corrupt || *to < corrupt));
    lossy.collect()
}

/// Whether some pattern of omissions is unfair: something is lost in round `first`, anything may be up to the
/// end of the agreement.
fn can_be_unfair(n: usize, corrupt: usize, first: u32) -> bool {
    let setting = Setting::new(n, SLOTS);
    let channels = channels(n, corrupt);
    let cards = setting.cards(SLOT);
    let rounds = (BEFORE + (n as u32 - 1) / 2 + 1).saturating_sub(first) + 1;
    let patterns = 1u64 << (rounds as usize * channels.len());
    let begins = (1u64 << channels.len()) - 1;
    (0..patterns).filter(|it| it & begins != 0).any(|pattern| {
        let mut cards = cards.clone();
        run(&mut cards, |round, from, to| {
            let Some(after) = round.checked_sub(first).filter(|it| *it < rounds) else {
                return false;
            };
            let channel = channels.iter().position(|it| *it == (from, to));
            channel.is_some_and(|it| pattern >> (after as usize * channels.len() + it) & 1 == 1)
        });
        is_unfair(&cards, corrupt)
    })
}

#[test]
fn with_most_hosts_honest_no_cut_is_unfair() {
    for first in BEFORE - 1..=BEFORE + 3 {
        assert!(!can_be_unfair(3, 1, first), "from round {first} on");
    }
}

#[test]
fn with_fewer_a_cut_is_unfair_in_the_rounds_until_the_decision_alone() {
    for (n, corrupt, window) in [(2, 1, 1), (3, 2, 2)] {
        for first in BEFORE..=BEFORE + 3 {
            let is_inside = (BEFORE + 1..=BEFORE + window).contains(&first);
            let found = can_be_unfair(n, corrupt, first);
            assert_eq!(found, is_inside, "{n} members, from round {first} on");
        }
    }
}

/// In how many slots of all it is unfair to cut member `n - 1` off in a given round, at most.
fn unfair_slots(n: usize, slots: u32) -> usize {
    let setting = Setting::new(n, slots);
    let cut_in = |first: u32| {
        let is_unfair_in = |slot: &u32| {
            let mut cards = setting.cards(*slot);
            run(&mut cards, |round, from, to| {
                round >= first && to == n - 1 && from != to
            });
            has_items(&cards[0]) && !has_items(&cards[n - 1])
        };
        (0..slots).filter(is_unfair_in).count()
    };
    (1..=setting.last_round()).map(cut_in).max().unwrap()
}

#[test]
fn the_odds_are_as_stated() {
    for (n, slots) in [(2, 12), (3, 12), (4, 8), (5, 8)] {
        let odds = Setting::new(n, slots).plan(0).odds();
        assert_eq!(odds.slots, slots);
        // With three members and more, hosts that look ahead have one round more.
        let most = odds.window as usize - usize::from(n > 2);
        assert_eq!(unfair_slots(n, slots), most, "{n} members");
    }
}
