//! What a process tells all others in a round.

use alloc::vec::Vec;

use crate::members::Members;

/// The state of a process at the end of the round before.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Report<V> {
    /// The round that it is sent in, from 1.
    pub round: u32,
    /// Whom the sender trusts.
    pub trusted: Members,
    /// The inputs that the sender knows, by member.
    pub values: Vec<Option<V>>,
}

impl<V> Report<V> {
    /// Whose inputs the sender knows.
    pub fn known(&self) -> Members {
        known(&self.values)
    }
}

pub(super) fn known<V>(values: &[Option<V>]) -> Members {
    let known = values.iter().enumerate().filter(|(_, it)| it.is_some());
    known.map(|(member, _)| member).collect()
}
