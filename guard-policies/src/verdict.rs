//! What Guard says of a message.

use std::fmt;

/// Which rule decided, and what it says to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    /// Name of the rule; the counter of its refusals has the same name.
    pub rule: &'static str,
    /// What the sender did that is not allowed.
    pub detail: &'static str,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

/// What becomes of a message at its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// It ends here, and only the operator learns it.
    Drop(Reason),
    /// It ends here, and its sender is told.
    Refuse(Reason),
}
