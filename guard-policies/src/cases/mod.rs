//! Case files: messages, and what a chain must say of them.
//!
//! Cases are judged one after the other by one chain, so that rates and states can be tested:
//! `after_ms` lets time pass.

mod param;
mod read;
mod report;
mod text;

use std::ops::Range;

use crate::file::{Names, Problem};
use crate::outcome::Decision;
use crate::{Facts, Outcome, Record};

pub use report::{Report, Tried};

/// Bytes of a case file.
pub const CASE_FILE_BYTES_MAX: usize = 1 << 20;
/// Cases of a file.
pub const CASES_MAX: usize = 10_000;
/// How often a case is repeated.
pub const REPEAT_MAX: u32 = 100_000;

/// A message, and what must become of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// Where its name stands in the file, in bytes.
    pub at: Range<usize>,
    /// The message.
    pub record: Record,
    /// How often it is judged. Each time must end as expected.
    pub repeat: u32,
    /// What must become of it.
    pub expected: Expected,
}

/// What must become of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What.
    pub decision: Decision,
    /// Who must have decided, if that matters.
    pub policy: Option<String>,
    /// What must occur in the reason, if that matters.
    pub reason: Option<String>,
}

/// Reads a case file. Its ids may be names of the rule file that it is about.
///
/// # Errors
///
/// The first thing that is wrong, and where.
pub fn parse(text: &str, names: &Names) -> Result<Vec<Case>, Problem> {
    read::cases(text, names)
}

/// Has every case judged, in order.
pub fn run(cases: &[Case], mut judge: impl FnMut(&Facts<'_>) -> Outcome) -> Report {
    let tried = cases.iter().map(|case| {
        let mut times = 1..=case.repeat;
        let surprise = times.find_map(|time| {
            let outcome = judge(&case.record.facts());
            (!case.expected.is_met_by(&outcome)).then_some((time, outcome))
        });
        Tried {
            name: case.name.clone(),
            at: case.at.clone(),
            expected: case.expected.clone(),
            surprise,
        }
    });
    Report {
        tried: tried.collect(),
    }
}

impl Expected {
    fn is_met_by(&self, outcome: &Outcome) -> bool {
        let said = outcome.reason.as_deref().unwrap_or_default();
        self.decision == outcome.decision
            && self.policy.as_ref().is_none_or(|it| *it == outcome.policy)
            && self.reason.as_ref().is_none_or(|it| said.contains(it))
    }
}
