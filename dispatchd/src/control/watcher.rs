//! What Guard said lately, for administrators who watch.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::router::GuardRecord;

/// Records that are kept, the newest.
const GUARD_RECORDS_MAX: usize = 1_024;
/// Bytes of messages that they hold.
const GUARD_RECORD_BYTES_MAX: usize = 16 << 20;

/// The newest records and how many there ever were.
#[derive(Debug, Default)]
pub struct Watcher {
    records: Mutex<Records>,
}

#[derive(Debug, Default)]
struct Records {
    newest: VecDeque<GuardRecord>,
    bytes: usize,
    last: u64,
    differences: u64,
}

impl Records {
    fn is_too_much(&self) -> bool {
        self.newest.len() > GUARD_RECORDS_MAX || self.bytes > GUARD_RECORD_BYTES_MAX
    }
}

impl Watcher {
    /// Keeps a record.
    pub fn judged(&self, record: GuardRecord) {
        let mut records = self.lock();
        records.last += 1;
        records.differences += u64::from(record.differing.is_some());
        records.bytes += record.record.size;
        records.newest.push_back(record);
        while records.is_too_much() {
            let oldest = records.newest.pop_front();
            records.bytes -= oldest.map_or(0, |oldest| oldest.record.size);
        }
    }

    /// Records with a greater number, oldest first, at most `limit`.
    pub fn after(&self, after: u64, limit: usize) -> Vec<(u64, GuardRecord)> {
        let records = self.lock();
        let first = records.last + 1 - records.newest.len() as u64;
        let numbered = (first..).zip(&records.newest);
        let newer = numbered.filter(|(number, _)| *number > after).take(limit);
        newer
            .map(|(number, record)| (number, record.clone()))
            .collect()
    }

    /// Messages that the shadow would have decided otherwise, since it was loaded.
    pub fn differences(&self) -> u64 {
        self.lock().differences
    }

    /// Another shadow begins: what the one before said is not its.
    pub fn forget_differences(&self) {
        let mut records = self.lock();
        records.differences = 0;
        for record in &mut records.newest {
            record.differing = None;
        }
    }

    // Each update is whole even if a thread panics between two of them.
    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use guard_policies::{Decision, Entry, Facts, Locality, Outcome};
    use libetp::{Domain, Header, Mtype};

    use super::*;

    struct Nowhere;

    impl Locality for Nowhere {
        fn is_local(&self, _: Domain) -> bool {
            false
        }

        fn is_owner(&self, _: u32, _: Domain) -> bool {
            false
        }
    }

    fn record(bytes: usize) -> GuardRecord {
        let id = Domain([1; 12]).card();
        let header = Header {
            src: id,
            dst: id,
            mtype: Mtype::PING,
        };
        let mut record = Facts::new(Entry::Host, header, &[], &Nowhere).to_record();
        record.size = bytes;
        let outcome = Outcome {
            decision: Decision::Pass,
            policy: "default".into(),
            reason: None,
        };
        GuardRecord {
            record,
            outcome: outcome.clone(),
            generation: 1,
            steps: Vec::new(),
            differing: (bytes == 7).then_some(outcome),
            is_captured: false,
        }
    }

    fn numbers(watcher: &Watcher, after: u64, limit: usize) -> Vec<u64> {
        let records = watcher.after(after, limit);
        records.into_iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn the_newest_are_kept_and_numbered_for_ever() {
        let watcher = Watcher::default();
        assert!(numbers(&watcher, 0, 9).is_empty());
        (0..=GUARD_RECORDS_MAX).for_each(|_| watcher.judged(record(1)));
        let all = numbers(&watcher, 0, usize::MAX);
        assert_eq!((all.len(), all[0]), (GUARD_RECORDS_MAX, 2));
        assert_eq!(numbers(&watcher, 3, 2), [4, 5]);
        assert!(numbers(&watcher, u64::MAX, 9).is_empty());
    }

    #[test]
    fn their_bytes_are_bounded() {
        let watcher = Watcher::default();
        watcher.judged(record(GUARD_RECORD_BYTES_MAX - 1));
        watcher.judged(record(1));
        assert_eq!(numbers(&watcher, 0, 9), [1, 2]);
        watcher.judged(record(1));
        assert_eq!(numbers(&watcher, 0, 9), [2, 3]);
    }

    #[test]
    fn differences_are_counted_from_the_shadow_on() {
        let watcher = Watcher::default();
        [6, 7, 7]
            .map(record)
            .into_iter()
            .for_each(|it| watcher.judged(it));
        assert_eq!(watcher.differences(), 2);
        watcher.forget_differences();
        assert_eq!(watcher.differences(), 0);
        let records = watcher.after(0, 9);
        assert!(records.iter().all(|(_, it)| it.differing.is_none()));
    }
}
