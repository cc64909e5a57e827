//! Random adversaries of several kinds, for more processes.

use oncard_trustedpals::Members;
use oncard_trustedpals::uic::Mode;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::laws::{Violation, check};
use crate::network::{Losses, Setting, lossy, run};

/// Runs of each setting.
const RUNS: u64 = 10_000;
/// Runs of each setting at night.
const MANY_RUNS: u64 = 1_000_000;

/// Chance, as one in how many.
fn one_in(dice: &mut ChaCha8Rng, many: u32) -> bool {
    dice.next_u32().is_multiple_of(many)
}

/// How an adversary plays.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// Loses one message in so many.
    Loses(u32),
    /// Lets one message in so many through.
    Lets(u32),
    /// Hands a value on among faulty processes, one in each round, and to nobody else.
    Chain,
    /// Cuts processes off for good, one after the other, in the middle of a round.
    Crashes,
    /// Tells correct processes little, and lets its own hear nearly all.
    Whispers,
}

const STYLES: [Style; 7] = [
    Style::Loses(2),
    Style::Loses(8),
    Style::Lets(8),
    Style::Lets(3),
    Style::Chain,
    Style::Crashes,
    Style::Whispers,
];

impl Style {
    /// Whether a message of round `round`, from 0, is lost.
    fn loses(
        self,
        dice: &mut ChaCha8Rng,
        faulty: Members,
        round: usize,
        (from, to): (usize, usize),
    ) -> bool {
        let (bad_from, bad_to) = (faulty.contains(from), faulty.contains(to));
        match self {
            Self::Loses(many) => one_in(dice, many),
            Self::Lets(many) => !one_in(dice, many),
            Self::Chain if bad_from && bad_to => {
                (from, to) != (round, round + 1) && !one_in(dice, 3)
            }
            Self::Chain if bad_from => from <= round && !one_in(dice, 16),
            Self::Crashes if bad_from => round > from || (round == from && one_in(dice, 2)),
            Self::Whispers if bad_from && !bad_to => !one_in(dice, 4),
            Self::Whispers if bad_from => one_in(dice, 3),
            Self::Chain | Self::Crashes | Self::Whispers => one_in(dice, 12),
        }
    }
}

/// The losses of a whole run, and which processes are faulty.
pub(crate) fn losses(setting: &Setting, dice: &mut ChaCha8Rng) -> (Members, Losses) {
    let faulty = Members::first(dice.next_u32() as usize % (setting.t + 1));
    let style = STYLES[dice.next_u32() as usize % STYLES.len()];
    let mut deaf_to = |round: usize, to: usize| {
        let lossy = lossy(setting, faulty, to);
        let lost = lossy
            .iter()
            .filter(|from| style.loses(dice, faulty, round, (*from, to)));
        lost.collect()
    };
    let round = |round| (0..setting.n).map(|to| deaf_to(round, to)).collect();
    let rounds = (0..setting.rounds()).map(round).collect();
    (faulty, rounds)
}

/// Random runs; the first violation, with the seed of its run.
pub(crate) fn search(setting: &Setting, runs: u64) -> Result<(), Violation> {
    (0..runs).try_for_each(|seed| {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let (faulty, losses) = losses(setting, &mut dice);
        let processes = run(setting, setting.processes(), &losses);
        check(setting, faulty, &processes)
            .map_err(|violation| format!("{setting:?}, seed {seed}: {violation}\n{losses:?}"))
    })
}

fn search_all(runs: u64) {
    for (n, t) in [(3, 1), (4, 1), (5, 2), (6, 2), (7, 3), (8, 3), (9, 4)] {
        for mode in [Mode::Full, Mode::Stop] {
            search(&Setting::new(n, t, mode), runs).unwrap_or_else(|found| panic!("{found}"));
        }
    }
}

#[test]
fn no_random_adversary_breaks_a_law() {
    search_all(RUNS);
}

#[test]
#[ignore = "for the night"]
fn no_random_adversary_breaks_a_law_in_many_runs() {
    search_all(MANY_RUNS);
}

/// Who was not heard in earlier rounds of a session is not trusted from the start.
#[test]
fn nor_does_one_that_made_processes_distrusted_before() {
    for (n, t) in [(3, 1), (4, 1), (5, 2), (7, 3)] {
        for mode in [Mode::Full, Mode::Stop] {
            let setting = Setting::new(n, t, mode);
            (0..RUNS).for_each(|seed| distrusted_before(&setting, seed));
        }
    }
}

fn distrusted_before(setting: &Setting, seed: u64) {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let (faulty, losses) = losses(setting, &mut dice);
    let many = 2 + dice.next_u32() % 12;
    let mut trusted = |me: usize| {
        let lost = lossy(setting, faulty, me);
        (0..setting.n)
            .filter(|from| !lost.contains(*from) || !one_in(&mut dice, many))
            .collect()
    };
    let trusted: Vec<Members> = (0..setting.n).map(&mut trusted).collect();
    let processes = run(setting, setting.trusting(&trusted), &losses);
    check(setting, faulty, &processes)
        .unwrap_or_else(|violation| panic!("{setting:?}, seed {seed}: {violation}"));
}
