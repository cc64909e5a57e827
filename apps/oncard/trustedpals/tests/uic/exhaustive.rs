//! Everything that an adversary can do, for few processes.
//!
//! Which processes are faulty is no matter but for their number: inputs are all different and the
//! algorithm treats all members alike. What a process does in a round depends on what it hears
//! alone, so all combinations of what each may hear are all states; those that differ only by
//! names are one.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use oncard_trustedpals::Members;
use oncard_trustedpals::uic::Mode;

use crate::laws::{Violation, agree, check_one};
use crate::network::{Process, Setting, lossy, reports, stepped};

/// All different states that a process may be in after the next round.
fn options(setting: &Setting, faulty: Members, processes: &[Process], me: usize) -> Vec<Process> {
    let said = reports(processes);
    let lossy: Vec<usize> = lossy(setting, faulty, me).iter().collect();
    let step = |pattern: u32| {
        let lost = lossy.iter().enumerate();
        let lost = lost.filter(|(bit, _)| pattern >> bit & 1 == 1);
        let deaf_to = lost.map(|(_, from)| *from).collect();
        stepped(&processes[me], &said, deaf_to)
    };
    let all: HashSet<Process> = (0..1 << lossy.len()).map(step).collect();
    all.into_iter().collect()
}

/// All combinations of one option each.
fn combinations(options: &[Vec<Process>]) -> impl Iterator<Item = Vec<Process>> {
    let count: usize = options.iter().map(Vec::len).product();
    (0..count).map(|mut number| {
        let one = |options: &Vec<Process>| {
            let chosen = options[number % options.len()].clone();
            number /= options.len();
            chosen
        };
        options.iter().map(one).collect()
    })
}

/// All orders of the numbers from `from` up to and without `to`.
fn orders(from: usize, to: usize) -> Vec<Vec<usize>> {
    if from == to {
        return vec![Vec::new()];
    }
    let insert = |order: Vec<usize>| {
        (0..=order.len()).map(move |at| {
            let mut order = order.clone();
            order.insert(at, to - 1);
            order
        })
    };
    orders(from, to - 1).into_iter().flat_map(insert).collect()
}

/// All names that leave faulty ones faulty and correct ones correct.
fn all_names(n: usize, faulty: usize) -> Vec<Vec<usize>> {
    let (bad, good) = (orders(0, faulty), orders(faulty, n));
    let with = |bad: &Vec<usize>| {
        let bad = bad.clone();
        good.iter().map(move |good| [&bad[..], good].concat())
    };
    bad.iter().flat_map(with).collect()
}

/// One of the states that differ only by names, always the same.
fn under_first_names(processes: &[Process], names: &[Vec<usize>]) -> Vec<Process> {
    let renamed = |names: &Vec<usize>| {
        let mut renamed = processes.to_vec();
        for (me, process) in processes.iter().enumerate() {
            let value = |value: &u8| names[usize::from(*value)] as u8;
            renamed[names[me]] = process.renamed(names, value);
        }
        renamed
    };
    let all = names.iter().map(renamed);
    all.min_by_key(|it| BuildHasherDefault::<DefaultHasher>::default().hash_one(it))
        .expect("there are names")
}

/// Tries everything. How many states there are before the last round.
fn try_all(setting: &Setting, faulty: usize) -> Result<usize, Violation> {
    let names = all_names(setting.n, faulty);
    let faulty = Members::first(faulty);
    let mut states = HashSet::from([setting.processes()]);
    for _ in 1..setting.rounds() {
        let mut next = HashSet::new();
        for processes in &states {
            let all = |me| options(setting, faulty, processes, me);
            let options: Vec<_> = (0..setting.n).map(all).collect();
            next.extend(combinations(&options).map(|it| under_first_names(&it, &names)));
        }
        states = next;
    }
    for processes in &states {
        last_round(setting, faulty, processes)?;
    }
    Ok(states.len())
}

/// In the last round nobody's state depends on another's: so what one may decide and what another may
/// decide have to be the same.
fn last_round(setting: &Setting, faulty: Members, processes: &[Process]) -> Result<(), Violation> {
    let all = |me| options(setting, faulty, processes, me);
    let options: Vec<_> = (0..setting.n).map(all).collect();
    for (me, options) in options.iter().enumerate() {
        for process in options {
            check_one(setting, faulty, me, process)?;
        }
    }
    agree(&options.concat())
}

fn holds(n: usize, t: usize, faulty: usize) {
    for mode in [Mode::Full, Mode::Stop] {
        let setting = Setting::new(n, t, mode);
        let states = try_all(&setting, faulty).unwrap_or_else(|violation| {
            panic!("n = {n}, t = {t}, {faulty} faulty, {mode:?}: {violation}")
        });
        println!(
            "n = {n}, t = {t}, {faulty} faulty, {mode:?}: {states} states before the last round"
        );
    }
}

#[test]
fn names_are_as_many_as_they_should_be() {
    assert_eq!(all_names(5, 2).len(), 12);
    let distinct: HashSet<_> = all_names(4, 1).into_iter().collect();
    assert_eq!(distinct.len(), 6);
}

#[test]
fn two_processes_of_which_none_is_faulty() {
    holds(2, 0, 0);
}

#[test]
fn three_and_four_processes_of_which_one_is_faulty() {
    for n in [3, 4] {
        (0..=1).for_each(|faulty| holds(n, 1, faulty));
    }
}

#[test]
#[ignore = "for the night"]
fn five_processes_of_which_two_are_faulty() {
    holds(5, 2, 2);
}

#[test]
fn five_processes_of_which_one_is_faulty() {
    (0..=1).for_each(|faulty| holds(5, 1, faulty));
    (0..=1).for_each(|faulty| holds(5, 2, faulty));
}
