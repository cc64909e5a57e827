//! What a derived capability may send. Deriving only ever narrows.

use std::collections::BTreeSet;

use libetp::{EntityId, Mtype};

/// Where to and what; `None` is everything that the parent may. Privileged and authentication
/// types are never derived; Guard sees to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    destinations: Option<BTreeSet<EntityId>>,
    mtypes: Option<BTreeSet<Mtype>>,
}

impl Scope {
    /// What a parent with this scope may pass on of what is asked.
    pub fn narrowed(
        &self,
        destinations: Option<BTreeSet<EntityId>>,
        mtypes: Option<BTreeSet<Mtype>>,
    ) -> Self {
        Self {
            destinations: both(&self.destinations, destinations),
            mtypes: both(&self.mtypes, mtypes),
        }
    }

    /// Whether it covers a message.
    pub fn allows(&self, dst: EntityId, mtype: Mtype) -> bool {
        let covers =
            |set: &Option<BTreeSet<EntityId>>| set.as_ref().is_none_or(|s| s.contains(&dst));
        covers(&self.destinations) && self.mtypes.as_ref().is_none_or(|s| s.contains(&mtype))
    }
}

fn both<T: Ord + Copy>(a: &Option<BTreeSet<T>>, b: Option<BTreeSet<T>>) -> Option<BTreeSet<T>> {
    match (a, b) {
        (None, asked) => asked,
        (Some(own), None) => Some(own.clone()),
        (Some(own), Some(asked)) => Some(own.intersection(&asked).copied().collect()),
    }
}
