//! Random adversaries of several kinds, for more processes.

use oncard_trustedpals::Members;
use oncard_trustedpals::uic::Mode;
use simulator::dice::Dice;
use simulator::pals::{Attack, Hosts};

use crate::laws::{Violation, check};
use crate::network::{Losses, Setting, lossy, run};

/// Runs of each setting.
const RUNS: u64 = 10_000;
/// Runs of each setting at night.
const MANY_RUNS: u64 = 1_000_000;

/// The losses of a whole run, and which processes are faulty.
fn losses(setting: &Setting, seed: u64) -> (Members, Losses) {
    let rounds = setting.rounds();
    let mut hosts = Hosts::new(Attack::Random, setting.n, setting.t, rounds as u32, seed);
    let faulty = Members::from_bits(hosts.corrupt());
    let mut deaf_to = |round: usize, to: usize| {
        let others = 0..setting.n;
        let lost = others.filter(|from| hosts.loses(round as u32 + 1, *from, to));
        lost.collect()
    };
    let round = |round| (0..setting.n).map(|to| deaf_to(round, to)).collect();
    let rounds = (0..rounds).map(round).collect();
    (faulty, rounds)
}

/// Random runs; the first violation, with the seed of its run.
pub(crate) fn search(setting: &Setting, runs: u64) -> Result<(), Violation> {
    (0..runs).try_for_each(|seed| {
        let (faulty, losses) = losses(setting, seed);
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
    let (faulty, losses) = losses(setting, seed);
    let mut dice = Dice::new(!seed);
    let many = 2 + dice.below(12);
    let mut trusted = |me: usize| {
        let lost = lossy(setting, faulty, me);
        (0..setting.n)
            .filter(|from| !lost.contains(*from) || dice.below(many) > 0)
            .collect()
    };
    let trusted: Vec<Members> = (0..setting.n).map(&mut trusted).collect();
    let processes = run(setting, setting.trusting(&trusted), &losses);
    check(setting, faulty, &processes)
        .unwrap_or_else(|violation| panic!("{setting:?}, seed {seed}: {violation}"));
}
