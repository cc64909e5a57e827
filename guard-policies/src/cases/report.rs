//! What trying cases gave.

use std::fmt;
use std::ops::Range;

use super::Expected;
use crate::Outcome;

/// What trying the cases of a file gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Each case, in order.
    pub tried: Vec<Tried>,
}

/// What trying one case gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The case.
    pub name: String,
    /// Where it stands in the file, in bytes.
    pub at: Range<usize>,
    /// What was expected.
    pub expected: Expected,
    /// What came instead, and at which repetition, counted from 1.
    pub surprise: Option<(u32, Outcome)>,
}

impl Report {
    /// How many cases did not end as expected.
    pub fn failures(&self) -> usize {
        let failed = self.tried.iter().filter(|case| case.surprise.is_some());
        failed.count()
    }
}

/// A line for each case, two more for one that failed, and a summary.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in &self.tried {
            writeln!(f, "{case}")?;
        }
        let (all, failed) = (self.tried.len(), self.failures());
        write!(f, "{} of {all} cases as expected", all - failed)
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.escape_debug();
        let Some((time, outcome)) = &self.surprise else {
            return write!(f, "ok    {name}");
        };
        write!(f, "FAIL  {name}")?;
        if *time > 1 {
            write!(f, " (message {time})")?;
        }
        write!(
            f,
            "\n      expected {}\n      got      {outcome}",
            self.expected
        )
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.decision)?;
        if let Some(policy) = &self.policy {
            write!(f, " by {}", policy.escape_debug())?;
        }
        match &self.reason {
            Some(reason) => write!(f, ": ..{}..", reason.escape_debug()),
            None => Ok(()),
        }
    }
}
