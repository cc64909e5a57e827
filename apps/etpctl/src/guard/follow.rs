//! Records of the daemon as they come.

use guard_policies::capture::{Captured, Reader};
use libetp::client::control::guard::Record;

use super::Failure;
use super::session::Session;

/// Where reading goes on.
pub(super) struct Follow {
    after: u64,
    payloads: bool,
    /// Records that the daemon had forgotten before they were read.
    pub(super) lost: u64,
}

impl Follow {
    /// From the next record on.
    pub(super) fn from_now(session: &mut Session, payloads: bool) -> Result<Self, Failure> {
        let mut follow = Self::from_oldest(payloads);
        while !follow.next(session)?.is_empty() {}
        follow.lost = 0;
        Ok(follow)
    }

    /// From the oldest on that the daemon has.
    pub(super) fn from_oldest(payloads: bool) -> Self {
        Self {
            after: 0,
            payloads,
            lost: 0,
        }
    }

    /// What came since the last time, or a part of it; none if nothing came.
    pub(super) fn next(&mut self, session: &mut Session) -> Result<Vec<Record>, Failure> {
        let records = session.records(self.after, self.payloads)?;
        if let (Some(first), Some(last)) = (records.first(), records.last()) {
            self.lost += first.sequence.saturating_sub(self.after + 1);
            self.after = self.after.max(last.sequence);
        }
        Ok(records)
    }
}

/// The message of a record; `None` if its facts were too long for an answer.
pub(super) fn message(record: &Record) -> Option<Captured> {
    Reader::new(&record.capture[..]).ok()?.next()?.ok()
}
