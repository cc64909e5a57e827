//! What a card did to its disk, and what a power cut may leave of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use oncard_runtime::{Store, StoreError, Writes};
use softcard::{AtRest, RedbStore};

use super::disk::{Disk, Fate, Operation, after_power_cut};

/// Everything that a store holds.
pub type Dump = BTreeMap<Vec<u8>, Vec<u8>>;

/// Committed states, each with the length of the disk's journal when its commit returned.
pub type Notes = Rc<RefCell<Vec<(usize, Dump)>>>;

pub fn dump(store: &RedbStore) -> Dump {
    store
        .scan(&[], None, usize::MAX)
        .expect("readable")
        .into_iter()
        .collect()
}

/// Opens the store on a disk. Whatever was cut, it opens.
pub fn open(disk: &Disk) -> RedbStore {
    let disk = disk.clone();
    RedbStore::open(move || Ok(disk.clone())).expect("opens after every power cut")
}

/// A new card's disk.
pub fn new_disk(writes: &Writes) -> Vec<u8> {
    let disk = Disk::default();
    RedbStore::create(disk.clone(), AtRest::None, writes).expect("created");
    disk.bytes()
}

/// A store that notes, after each commit, how far the disk's journal was and what it held.
pub struct Noted {
    store: RedbStore,
    disk: Disk,
    notes: Notes,
}

impl Noted {
    /// The store on a disk, and its notes: the first is what it holds now.
    pub fn open(disk: &Disk) -> (Self, Notes) {
        let store = open(disk);
        let notes = Rc::new(RefCell::new(vec![(0, dump(&store))]));
        let noted = Self {
            store,
            disk: disk.clone(),
            notes: Rc::clone(&notes),
        };
        (noted, notes)
    }

    pub fn dump(&self) -> Dump {
        dump(&self.store)
    }
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

/// A run of a card: the disk before, what was done to it, and the states that were committed,
/// each with the length of the journal when its commit returned.
pub struct Run {
    pub name: String,
    pub before: Vec<u8>,
    pub journal: Vec<Operation>,
    pub states: Vec<(usize, Dump)>,
}

impl Run {
    /// The states that may be found after a cut before operation `cut`.
    pub fn allowed(&self, cut: usize) -> &[(usize, Dump)] {
        let committed = self.states.partition_point(|(length, _)| *length <= cut);
        &self.states[committed - 1..self.states.len().min(committed + 1)]
    }

    /// What may be on the disk after a cut before operation `cut`, and what became of the writes
    /// that were not synced: lost, kept, the last one torn, some of each.
    pub fn images(&self, cut: usize) -> Vec<(Vec<u8>, String)> {
        let image = |fate: &mut dyn FnMut(usize) -> Fate| {
            after_power_cut(&self.before, &self.journal, cut, fate)
        };
        let mut images = vec![
            (
                image(&mut |_| Fate::Lost),
                "unsynced writes lost".to_owned(),
            ),
            (
                image(&mut |_| Fate::Kept),
                "unsynced writes kept".to_owned(),
            ),
        ];
        let last = cut.saturating_sub(1);
        for sectors in [0, 1, 3] {
            let mut tear = |index| match index == last {
                true => Fate::Torn(sectors),
                false => Fate::Kept,
            };
            images.push((image(&mut tear), format!("last write torn at {sectors}")));
        }
        for seed in 1..=6 {
            let mut dice = Dice(seed * 0x9E37_79B9 + cut as u64);
            images.push((image(&mut |_| dice.fate()), format!("seed {seed}")));
        }
        images
    }

    /// Opens what a cut left, which is the old state or the new one.
    pub fn check(&self, cut: usize, bytes: Vec<u8>, what: &str) -> (Disk, Dump) {
        let disk = Disk::new(bytes);
        let found = dump(&open(&disk));
        let allowed = self.allowed(cut);
        assert!(
            allowed.iter().any(|(_, state)| *state == found),
            "{}: cut before operation {cut} of {}, {what}: neither the old state nor the new one",
            self.name,
            self.journal.len()
        );
        (disk, found)
    }
}

/// A small generator: which unsynced operations survive. Its seed is printed with a failure.
pub struct Dice(pub u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    pub fn fate(&mut self) -> Fate {
        match self.roll(4) {
            0 => Fate::Lost,
            1 => Fate::Torn(self.roll(8) as usize),
            _ => Fate::Kept,
        }
    }
}
