//! A card's memory that can lose its power at a commit, or some of the writes.

use std::cell::RefCell;
use std::rc::Rc;

use libetp::Mtype;
use oncard_runtime::store::Entry;
use oncard_runtime::{MemoryStore, Store, StoreError, Writes};
use oncard_voucher::FAMILY;

/// On which side of a commit the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The transaction is lost.
    Before,
    /// The transaction is durable, what follows is lost.
    After,
}

/// What a broken card loses, to show that the checker notices: while a message of type `during` is
/// handled, no record of the voucher program of a kind in `kinds` is written or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostWrite {
    /// The message type.
    pub during: Mtype,
    /// Kinds of [`records`](oncard_voucher::records).
    pub kinds: &'static [u8],
}

#[derive(Debug, Default)]
struct Cells {
    memory: MemoryStore,
    planned: Option<(u32, Cut)>,
    dead: bool,
    commits: u64,
    lost: &'static [LostWrite],
    handled: Option<Mtype>,
}

/// The memory of a card, shared with those who watch it.
#[derive(Clone, Debug, Default)]
pub struct Chip(Rc<RefCell<Cells>>);

impl Chip {
    /// A chip with this memory, which loses these writes.
    pub fn new(memory: MemoryStore, lost: &'static [LostWrite]) -> Self {
        Self(Rc::new(RefCell::new(Cells {
            memory,
            lost,
            ..Cells::default()
        })))
    }

    /// A copy of the memory as it is.
    pub fn memory(&self) -> MemoryStore {
        self.0.borrow().memory.clone()
    }

    /// Looks into the memory, power or not.
    pub fn read<T>(&self, look: impl FnOnce(&MemoryStore) -> T) -> T {
        look(&self.0.borrow().memory)
    }

    /// How many transactions there were.
    pub fn commits(&self) -> u64 {
        self.0.borrow().commits
    }

    /// The card is about to handle a message of this type.
    pub(crate) fn handles(&self, mtype: Option<Mtype>) {
        self.0.borrow_mut().handled = mtype;
    }

    /// Power will fail at the commit after `skipped` more.
    pub fn plan_cut(&self, skipped: u32, cut: Cut) {
        self.0.borrow_mut().planned = Some((skipped, cut));
    }

    /// Whether the power failed.
    pub fn is_dead(&self) -> bool {
        self.0.borrow().dead
    }

    /// Power is back; no cut is planned.
    pub fn revive(&self) {
        let mut cells = self.0.borrow_mut();
        cells.dead = false;
        cells.planned = None;
    }
}

impl Cells {
    fn loses(&self, key: &[u8]) -> bool {
        let covers = |lost: &LostWrite| match key {
            [FAMILY, kind, ..] => self.handled == Some(lost.during) && lost.kinds.contains(kind),
            _ => false,
        };
        self.lost.iter().any(covers)
    }

    fn write(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let mut kept = writes.clone();
        kept.retain(|key, _| !self.loses(key));
        self.memory.commit(&kept)
    }

    /// Whether power fails at this commit, and on which side.
    fn cut_now(&mut self) -> Option<Cut> {
        match &mut self.planned {
            Some((0, cut)) => Some(*cut),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        }
    }
}

fn no_power() -> StoreError {
    StoreError("no power".into())
}

impl Store for Chip {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let cells = self.0.borrow();
        match cells.dead {
            true => Err(no_power()),
            false => cells.memory.get(key),
        }
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let cells = self.0.borrow();
        match cells.dead {
            true => Err(no_power()),
            false => cells.memory.scan(prefix, after, limit),
        }
    }

    fn commit(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let mut cells = self.0.borrow_mut();
        if cells.dead {
            return Err(no_power());
        }
        let cut = cells.cut_now();
        if cut != Some(Cut::Before) {
            cells.write(writes)?;
            cells.commits += 1;
        }
        cells.dead = cut.is_some();
        match cut {
            Some(_) => Err(no_power()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(value: u8) -> Writes {
        Writes::from([(vec![1], Some(vec![value]))])
    }

    #[test]
    fn a_cut_falls_on_the_side_that_was_planned() {
        for (cut, kept) in [(Cut::Before, vec![1]), (Cut::After, vec![2])] {
            let mut chip = Chip::default();
            chip.plan_cut(1, cut);
            assert_eq!(chip.commit(&write(1)), Ok(()));
            assert!(chip.commit(&write(2)).is_err());
            assert!(chip.is_dead() && chip.get(&[1]).is_err());
            chip.revive();
            assert_eq!(chip.get(&[1]), Ok(Some(kept)));
            assert_eq!(chip.commit(&write(3)), Ok(()));
        }
    }
}
