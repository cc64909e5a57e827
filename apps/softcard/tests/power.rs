//! Power is cut at every write of the store: the state is the old one or the new one.

mod support;

use oncard_runtime::harness::Host;
use oncard_runtime::{Card, Store, Writes};
use support::disk::{Disk, Fate, after_power_cut};
use support::run::{Dice, Dump, Noted, Run, dump, new_disk, open};
use support::{Scheme, live, ports, programs, reserve_ports};

fn run_of_a_card(promise_bytes: usize) -> Run {
    let scheme = Scheme::new();
    let before = new_disk(&scheme.personalised());
    let disk = Disk::new(before.clone());
    let (store, notes) = Noted::open(&disk);
    let mut card = Card::new(store, programs(), [42; 32]).expect("powered up");
    live(&mut card, &scheme, promise_bytes);
    drop(card);
    Run {
        name: "a card's life".to_owned(),
        before,
        journal: disk.journal(),
        states: notes.take(),
    }
}

#[test]
fn the_old_state_or_the_new_one_at_every_cut() {
    let run = run_of_a_card(16_000);
    assert!(run.states.len() > 8, "several transactions");
    for cut in 0..=run.journal.len() {
        for (bytes, what) in run.images(cut) {
            run.check(cut, bytes, &what);
        }
    }
}

#[test]
fn a_commit_that_returned_survives_every_later_cut() {
    let run = run_of_a_card(100);
    for (length, state) in &run.states {
        let bytes = after_power_cut(&run.before, &run.journal, *length, |_| Fate::Lost);
        assert_eq!(dump(&open(&Disk::new(bytes))), *state);
    }
}

#[test]
fn power_may_fail_again_while_the_first_failure_is_repaired() {
    let run = run_of_a_card(2_000);
    for cut in (0..run.journal.len()).step_by(7) {
        let bytes = after_power_cut(&run.before, &run.journal, cut, |_| Fate::Kept);
        let (disk, _) = run.check(cut, bytes.clone(), "first failure");
        let repair = disk.journal();
        for again in 0..=repair.len() {
            let mut dice = Dice((cut * 1_000 + again) as u64 + 1);
            let twice = after_power_cut(&bytes, &repair, again, |_| dice.fate());
            run.check(cut, twice, &format!("and again before operation {again}"));
        }
    }
}

#[test]
fn the_card_goes_on_after_every_cut_and_no_port_comes_twice() {
    let run = run_of_a_card(500);
    for (length, _) in &run.states {
        for cut in [length.saturating_sub(1), *length] {
            let bytes = after_power_cut(&run.before, &run.journal, cut, |_| Fate::Kept);
            let acknowledged = run.states.partition_point(|(length, _)| *length <= cut);
            let store = open(&Disk::new(bytes));
            let mut card = Card::new(store, programs(), [43; 32]).expect("powered up");
            let domain = card.identity().domain;
            let mut host = Host::new(*b"a host's");
            let reply = host.select(&mut card).expect("selected");
            let said = host
                .talk(&mut card, &[reserve_ports(domain)])
                .expect("ports");
            let block = ports(said.last().expect("an answer"));
            // The first transaction of the run reserved two blocks.
            let taken = if acknowledged > 1 { 512 } else { 0 };
            assert!(
                block.first > taken,
                "{block:?} after {acknowledged} commits"
            );
            assert!(reply.generation + 1 >= acknowledged as u64);
        }
    }
}

#[test]
fn a_disk_that_fails_at_any_operation_leaves_the_old_state_or_the_new_one() {
    let scheme = Scheme::new();
    let before = new_disk(&scheme.personalised());
    let new: Writes = (0_u8..40)
        .map(|key| (vec![0xF0, key], Some(vec![key; 700])))
        .collect();
    let mut expected_new = None;
    for fails_at in 0.. {
        let disk = Disk::new(before.clone());
        let mut store = open(&disk);
        let old = dump(&store);
        disk.heal();
        let disk = disk.fails_at(fails_at);
        let done = store.commit(&new);
        if done.is_ok() {
            let after = expected_new.get_or_insert_with(|| dump(&store));
            assert_eq!(*after, dump(&store));
            assert!(fails_at > 5, "the commit writes something");
            break;
        }
        assert!(
            store.get(&[0xF0, 0]).is_err(),
            "refuses until it is recovered"
        );
        assert!(store.commit(&new).is_err());
        disk.heal();
        store.recover().expect("the disk works again");
        let found = dump(&store);
        let all: Dump = old
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .chain(
                new.iter()
                    .filter_map(|(key, value)| Some((key.clone(), value.clone()?))),
            )
            .collect();
        assert!(found == old || found == all, "failed at {fails_at}");
        store.commit(&new).expect("works again");
        assert_eq!(dump(&store), all);
    }
}
