//! A disk that loses power: what was written since the last sync may be there, in part, or not.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use redb::StorageBackend;

/// What disks write whole.
const SECTOR_BYTES: usize = 512;

#[derive(Clone, Debug)]
pub enum Operation {
    SetLen(u64),
    Write(u64, Vec<u8>),
    Sync,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    journal: Vec<Operation>,
    /// From this operation on, counted from 0, the disk fails.
    fails_at: Option<usize>,
}

/// A disk in memory, with a journal of everything that was done to it. Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(State {
            bytes,
            ..State::default()
        })))
    }

    pub fn fails_at(self, operation: usize) -> Self {
        self.fail_at(operation);
        self
    }

    /// From that operation of the journal on, the disk fails.
    pub fn fail_at(&self, operation: usize) {
        self.with(|state| state.fails_at = Some(operation));
    }

    /// Ends the failure, and the journal begins anew.
    pub fn heal(&self) {
        self.with(|state| {
            state.fails_at = None;
            state.journal.clear();
        });
    }

    /// Whether an operation failed since the disk was new or healed.
    pub fn has_failed(&self) -> bool {
        self.with(|state| state.fails_at.is_some_and(|at| state.journal.len() > at))
    }

    /// Another disk in the place of this one, which works and has an empty journal.
    pub fn replace(&self, bytes: Vec<u8>) {
        self.with(|state| {
            *state = State {
                bytes,
                ..State::default()
            };
        });
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.with(|state| state.bytes.clone())
    }

    pub fn journal(&self) -> Vec<Operation> {
        self.with(|state| state.journal.clone())
    }

    pub fn operations(&self) -> usize {
        self.with(|state| state.journal.len())
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, operation: Operation) -> io::Result<()> {
        self.with(|state| {
            let failed = state.fails_at.is_some_and(|at| state.journal.len() >= at);
            let operation = match failed {
                true => torn(&operation, 1),
                false => operation,
            };
            apply(&mut state.bytes, &operation);
            state.journal.push(operation);
            match failed {
                true => Err(io::Error::from(io::ErrorKind::StorageFull)),
                false => Ok(()),
            }
        })
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.with(|state| state.bytes.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.with(|state| {
            let start = offset as usize;
            let from = state.bytes.get(start..start + out.len());
            out.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Operation::SetLen(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(Operation::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Operation::Write(offset, data.to_vec()))
    }
}

fn apply(bytes: &mut Vec<u8>, operation: &Operation) {
    match operation {
        Operation::SetLen(len) => bytes.resize(*len as usize, 0),
        Operation::Write(offset, data) => {
            let (start, end) = (*offset as usize, *offset as usize + data.len());
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[start..end].copy_from_slice(data);
        }
        Operation::Sync => {}
    }
}

/// Only the first sectors of a write.
fn torn(operation: &Operation, sectors: usize) -> Operation {
    match operation {
        Operation::Write(offset, data) => {
            let kept = data.len().min(sectors * SECTOR_BYTES);
            Operation::Write(*offset, data[..kept].to_vec())
        }
        _ => Operation::Sync,
    }
}

/// What becomes of an operation that was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Kept,
    Lost,
    /// Only the first sectors are written.
    Torn(usize),
}

/// What is on the disk after power is cut just before operation `cut`. Everything up to the last
/// sync is there; the operations behind it, by their index, meet their fate.
pub fn after_power_cut(
    before: &[u8],
    journal: &[Operation],
    cut: usize,
    mut fate: impl FnMut(usize) -> Fate,
) -> Vec<u8> {
    let done = &journal[..cut];
    let synced = done
        .iter()
        .rposition(|operation| matches!(operation, Operation::Sync));
    let safe = synced.map_or(0, |at| at + 1);
    let mut bytes = before.to_vec();
    done[..safe]
        .iter()
        .for_each(|operation| apply(&mut bytes, operation));
    for (index, operation) in done.iter().enumerate().skip(safe) {
        match fate(index) {
            Fate::Kept => apply(&mut bytes, operation),
            Fate::Torn(sectors) => apply(&mut bytes, &torn(operation, sectors)),
            Fate::Lost => {}
        }
    }
    bytes
}
