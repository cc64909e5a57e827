//! Counters by name.

use std::collections::BTreeMap;

/// Counts what happened, by the name that status and logs show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters(BTreeMap<&'static str, u64>);

impl Counters {
    pub(crate) fn add(&mut self, name: &'static str) {
        *self.0.entry(name).or_default() += 1;
    }

    pub(crate) fn add_to(&self, sum: &mut BTreeMap<String, u64>) {
        for (name, count) in &self.0 {
            *sum.entry((*name).to_owned()).or_default() += count;
        }
    }
}
