//! How often a policy said what.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Failure, Opinion};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// How often a policy said what, since its chain was loaded.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        #[derive(Debug, Default)]
        pub(super) struct Counters {
            $(pub(super) $name: AtomicU64,)*
        }

        impl Counters {
            pub(super) fn counts(&self) -> Counts {
                Counts { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }

        impl Counts {
            /// Name and number of each count.
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

counters! {
    /// The next policy was to decide.
    indifferent,
    /// It let a message pass.
    passed,
    /// It dropped one.
    dropped,
    /// It refused one.
    refused,
    /// It wanted somebody asked.
    held,
    /// It changed one.
    rewritten,
    /// It disturbed one, in an experiment.
    disturbed,
    /// It failed.
    failed,
    /// It was not asked, because it or the source is in quarantine.
    quarantined,
    /// It was not asked, because the source had no fuel left.
    unpaid,
    /// Units of fuel that it used.
    fuel,
}

impl Counters {
    pub(super) fn count(&self, opinion: &Result<Opinion, Failure>, fuel: u64) {
        let counter = match opinion {
            Ok(Opinion::Indifferent) => &self.indifferent,
            Ok(Opinion::Pass) => &self.passed,
            Ok(Opinion::Drop(_)) => &self.dropped,
            Ok(Opinion::Refuse(_)) => &self.refused,
            Ok(Opinion::Hold(_)) => &self.held,
            Ok(Opinion::Rewrite(_)) => &self.rewritten,
            Ok(Opinion::Disturb(_)) => &self.disturbed,
            Err(_) => &self.failed,
        };
        add(counter, 1);
        if fuel > 0 {
            add(&self.fuel, fuel);
        }
    }
}

pub(super) fn add(counter: &AtomicU64, n: u64) {
    counter.fetch_add(n, Ordering::Relaxed);
}
