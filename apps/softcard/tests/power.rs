//! Power is cut at every write of the store: the state is the old one or the new one.

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use oncard_runtime::harness::Host;
use oncard_runtime::{Card, Store, StoreError, Writes};
use softcard::{AtRest, RedbStore};
use support::disk::{Disk, Fate, Operation, after_power_cut};
use support::{Scheme, live, ports, programs, reserve_ports};

type Dump = BTreeMap<Vec<u8>, Vec<u8>>;

fn dump(store: &RedbStore) -> Dump {
    store
        .scan(&[], None, usize::MAX)
        .expect("readable")
        .into_iter()
        .collect()
}

/// A store that notes, after each commit, how far the disk's journal was and what it held.
struct Noted {
    store: RedbStore,
    disk: Disk,
    notes: Rc<RefCell<Vec<(usize, Dump)>>>,
}

impl Store for Noted {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(key)
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        self.store.scan(prefix, after, limit)
    }

    fn commit(&mut self, writes: &Writes) -> Result<(), StoreError> {
        self.store.commit(writes)?;
        let note = (self.disk.operations(), dump(&self.store));
        self.notes.borrow_mut().push(note);
        Ok(())
    }
}

fn open(disk: &Disk) -> RedbStore {
    let disk = disk.clone();
    RedbStore::open(move || Ok(disk.clone())).expect("opens after every power cut")
}

/// A new card's disk.
fn new_disk(writes: &Writes) -> Vec<u8> {
    let disk = Disk::default();
    RedbStore::create(disk.clone(), AtRest::None, writes).expect("created");
    disk.bytes()
}

/// A run of a card: the disk before, what was done to it, and the states that were committed,
/// each with the length of the journal when its commit returned.
struct Run {
    before: Vec<u8>,
    journal: Vec<Operation>,
    states: Vec<(usize, Dump)>,
}

impl Run {
    fn of_a_card(promise_bytes: usize) -> Self {
        let scheme = Scheme::new();
        let before = new_disk(&scheme.personalised());
        let disk = Disk::new(before.clone());
        let store = open(&disk);
        let notes = Rc::new(RefCell::new(vec![(0, dump(&store))]));
        let store = Noted {
            store,
            disk: disk.clone(),
            notes: Rc::clone(&notes),
        };
        let mut card = Card::new(store, programs(), [42; 32]).expect("powered up");
        live(&mut card, &scheme, promise_bytes);
        drop(card);
        Self {
            before,
            journal: disk.journal(),
            states: notes.take(),
        }
    }

    /// The states that may be found after a cut before operation `cut`.
    fn allowed(&self, cut: usize) -> &[(usize, Dump)] {
        let committed = self.states.partition_point(|(length, _)| *length <= cut);
        &self.states[committed - 1..self.states.len().min(committed + 1)]
    }

    fn check(&self, cut: usize, bytes: Vec<u8>, what: &str) -> Disk {
        let disk = Disk::new(bytes);
        let found = dump(&open(&disk));
        let allowed = self.allowed(cut);
        assert!(
            allowed.iter().any(|(_, state)| *state == found),
            "cut before operation {cut} of {}, {what}: neither the old state nor the new one",
            self.journal.len()
        );
        disk
    }
}

/// A small generator: which unsynced operations survive. Its seed is printed with a failure.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn fate(&mut self) -> Fate {
        match self.roll(4) {
            0 => Fate::Lost,
            1 => Fate::Torn(self.roll(8) as usize),
            _ => Fate::Kept,
        }
    }
}

#[test]
fn the_old_state_or_the_new_one_at_every_cut() {
    let run = Run::of_a_card(16_000);
    assert!(run.states.len() > 8, "several transactions");
    for cut in 0..=run.journal.len() {
        let image = |fate: &mut dyn FnMut(usize) -> Fate| {
            after_power_cut(&run.before, &run.journal, cut, fate)
        };
        run.check(cut, image(&mut |_| Fate::Lost), "unsynced writes lost");
        run.check(cut, image(&mut |_| Fate::Kept), "unsynced writes kept");
        let last = cut.saturating_sub(1);
        for sectors in [0, 1, 3] {
            let mut tear = |index| match index == last {
                true => Fate::Torn(sectors),
                false => Fate::Kept,
            };
            run.check(cut, image(&mut tear), "last write torn");
        }
        for seed in 1..=6 {
            let mut dice = Dice(seed * 0x9E37_79B9 + cut as u64);
            run.check(cut, image(&mut |_| dice.fate()), &format!("seed {seed}"));
        }
    }
}

#[test]
fn a_commit_that_returned_survives_every_later_cut() {
    let run = Run::of_a_card(100);
    for (length, state) in &run.states {
        let bytes = after_power_cut(&run.before, &run.journal, *length, |_| Fate::Lost);
        assert_eq!(dump(&open(&Disk::new(bytes))), *state);
    }
}

#[test]
fn power_may_fail_again_while_the_first_failure_is_repaired() {
    let run = Run::of_a_card(2_000);
    for cut in (0..run.journal.len()).step_by(7) {
        let bytes = after_power_cut(&run.before, &run.journal, cut, |_| Fate::Kept);
        let disk = run.check(cut, bytes.clone(), "first failure");
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
    let run = Run::of_a_card(500);
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
