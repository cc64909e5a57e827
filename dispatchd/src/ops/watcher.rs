//! What Guard said lately, for administrators who watch.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::router::GuardRecord;

/// Records that are kept, the newest.
pub const GUARD_RECORDS_MAX: usize = 1_024;

/// The newest records and how many there ever were.
#[derive(Debug, Default)]
pub struct Watcher {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    newest: VecDeque<GuardRecord>,
    last: u64,
}

impl Watcher {
    /// Keeps a record.
    pub fn judged(&self, record: GuardRecord) {
        let mut records = self.lock();
        records.last += 1;
        if records.newest.len() == GUARD_RECORDS_MAX {
            records.newest.pop_front();
        }
        records.newest.push_back(record);
    }

    /// Records with a greater number, oldest first, at most `limit`.
    pub fn after(&self, after: u64, limit: usize) -> Vec<(u64, GuardRecord)> {
        let records = self.lock();
        let first = records.last + 1 - records.newest.len() as u64;
        let numbered = (first..).zip(records.newest.iter().cloned());
        numbered
            .filter(|(number, _)| *number > after)
            .take(limit)
            .collect()
    }

    // Each update is whole even if a thread panics between two of them.
    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
