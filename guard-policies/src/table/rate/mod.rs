//! Rates: more messages than these meet a rule.

mod bucket;
mod buckets;
mod text;

use std::sync::{Mutex, PoisonError};

use libetp::{Domain, EntityId};

use crate::{Entry, Facts, Source};

use bucket::Speed;
use buckets::Buckets;

pub(super) use text::{Per, RateText};

/// Token buckets, one for each key: it is met by a message that finds its bucket empty, and any
/// other takes a token from it.
#[derive(Debug)]
pub(super) struct Rate {
    per: Per,
    buckets: Mutex<Buckets>,
}

/// Whose messages are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    All,
    Source(Source),
    Entity(EntityId),
    Domain(Domain),
    /// Those of a source that has too many buckets of its own.
    RestOf(Source),
}

impl Rate {
    fn new(per: Per, speed: Speed) -> Self {
        Self {
            per,
            buckets: Mutex::new(Buckets::new(speed)),
        }
    }

    /// Counts a message, and says whether it is one too many.
    pub(super) fn is_exceeded(&self, facts: &Facts<'_>) -> bool {
        let Some(key) = self.per.key(facts) else {
            return false;
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        !buckets.take(key, facts.source(), facts.now.tick_ms)
    }

    /// What a message needs in order to be counted.
    pub(super) fn per(&self) -> Per {
        self.per
    }
}

impl Per {
    /// With whose messages it is counted.
    fn key(self, facts: &Facts<'_>) -> Option<Key> {
        let source = facts.source();
        match (self, facts.entry) {
            (Self::All, _) => Some(Key::All),
            (Self::Source, _) => Some(Key::Source(source)),
            (Self::Src, _) => Some(Key::Entity(facts.header.src)),
            (Self::Dst, _) => Some(Key::Entity(facts.header.dst)),
            (Self::SrcDomain, _) => Some(Key::Domain(facts.header.src.domain)),
            (Self::Host, Entry::Remote(_)) | (Self::Uid, Entry::App { .. }) => {
                Some(Key::Source(source))
            }
            (Self::Host | Self::Uid, _) => None,
        }
    }
}
