//! Judging captured messages again.

use std::fmt;

use super::{CaptureError, Captured};
use crate::{Facts, Outcome, Record};

/// A message that two chains judge differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the capture, counted from 0.
    pub at: u64,
    /// The message.
    pub record: Record,
    /// What the first chain says.
    pub before: Outcome,
    /// What the second chain says.
    pub after: Outcome,
}

/// What judging a capture again gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// Messages.
    pub judged: u64,
    /// Messages without their param: what a policy says of such a one that reads it may differ
    /// from what it said.
    pub redacted: u64,
    /// Messages that the two judge differently.
    pub changed: u64,
    /// The first of them, as many as were asked for.
    pub changes: Vec<Change>,
}

/// Has two chains judge the messages of a capture in order, and tells where they differ. At most
/// `changes_max` changes are kept; all are counted.
///
/// # Errors
///
/// That of the first record that cannot be read.
pub fn replay(
    captured: impl Iterator<Item = Result<Captured, CaptureError>>,
    changes_max: usize,
    mut before: impl FnMut(&Facts<'_>) -> Outcome,
    mut after: impl FnMut(&Facts<'_>) -> Outcome,
) -> Result<Replay, CaptureError> {
    let mut replay = Replay::default();
    for captured in captured {
        let Captured { record, .. } = captured?;
        let (before, after) = (before(&record.facts()), after(&record.facts()));
        replay.redacted += u64::from(record.param.is_none());
        if before != after {
            replay.changed += 1;
            if replay.changes.len() < changes_max {
                replay.changes.push(Change {
                    at: replay.judged,
                    record,
                    before,
                    after,
                });
            }
        }
        replay.judged += 1;
    }
    Ok(replay)
}

/// Three lines for each change, and a summary.
impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        let Self {
            judged,
            redacted,
            changed,
            changes,
        } = self;
        write!(f, "{changed} of {judged} messages are judged differently")?;
        if (changes.len() as u64) < *changed {
            write!(f, ", the first {} are shown", changes.len())?;
        }
        match redacted {
            0 => Ok(()),
            _ => write!(f, "; {redacted} were judged without their param"),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = self.record.header;
        let (entry, size) = (self.record.entry.name(), self.record.size);
        let (mtype, src, dst) = (header.mtype, header.src, header.dst);
        writeln!(
            f,
            "#{} {entry}: {mtype} from {src} to {dst}, {size} bytes",
            self.at
        )?;
        write!(
            f,
            "      before {}\n      after  {}",
            self.before, self.after
        )
    }
}
