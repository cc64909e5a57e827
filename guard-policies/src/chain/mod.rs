//! The chain: policies in their order, and what follows from their opinions.
//!
//! The built-in rules come first and cannot be configured away. Then each policy whose conditions
//! the message meets is asked in order, and the first decisive opinion wins; a rewrite goes on to
//! the next policy with the new param. What no policy decides meets the default of its entry.
//! Policies fail closed: a trap, an error, empty fuel and a quarantine refuse, unless the policy
//! says `on_error = "pass"`.
//!
//! A chain is immutable but for counters, strikes, fuel and the state of its policies; a reload
//! makes a new one with the next generation, and every message is judged by one generation alone.
//!
//! What passes between a card and its own daemon, and what the daemon itself sends, is for the
//! built-in rules only: no configuration can cut a host off from its card.

mod counters;
mod fuel;
mod judging;
mod link;
mod strikes;

use libetp::digest::Hash;

pub use counters::Counts;
pub use fuel::{FUEL_BURST, FUEL_PER_SECOND, FUEL_SOURCES_MAX, FuelLimits};
pub use judging::{Judgement, Stage, Step};
pub use link::{HoldSettings, Link, Mode, OnError, Settings};
pub use strikes::{
    BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, QUARANTINED_SOURCES_MAX, STRIKES_MAX, STRUCK_SOURCES_MAX,
};

use crate::Entry;
use fuel::Fuel;

/// Most policies of a chain.
pub const POLICIES_MAX: usize = 256;

/// What becomes of a message that no policy decides about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fallback {
    /// It passes.
    #[default]
    Pass,
    /// It is refused.
    Refuse,
    /// It is dropped.
    Drop,
}

impl Fallback {
    /// `pass`, `refuse` or `drop`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Refuse => "refuse",
            Self::Drop => "drop",
        }
    }
}

/// The default of each entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    /// From local programs.
    pub app: Fallback,
    /// From cards of this host.
    pub card: Fallback,
    /// From other hosts.
    pub remote: Fallback,
}

impl Defaults {
    /// Each entry with what becomes of its messages.
    pub fn named(self) -> [(&'static str, &'static str); 3] {
        [
            ("app", self.app.name()),
            ("card", self.card.name()),
            ("remote", self.remote.name()),
        ]
    }

    fn of(&self, entry: Entry) -> Fallback {
        match entry {
            Entry::App { .. } => self.app,
            Entry::Card(_) => self.card,
            Entry::Remote(_) => self.remote,
            Entry::Host => Fallback::Pass,
        }
    }
}

/// A loaded chain. The default one has the built-in rules only.
#[derive(Debug, Default)]
pub struct Chain {
    /// Counts the chains of a daemon; never used twice.
    pub generation: u64,
    /// Hash of everything that the chain was made of.
    pub digest: Hash,
    defaults: Defaults,
    links: Vec<Link>,
    fuel: Fuel,
}

impl Chain {
    /// A chain of policies.
    pub fn new(links: Vec<Link>, defaults: Defaults, fuel: FuelLimits, digest: Hash) -> Self {
        Self {
            generation: 0,
            digest,
            defaults,
            links,
            fuel: Fuel::new(fuel),
        }
    }

    /// Its policies, in order.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Whether a policy of it is for experiments only.
    pub fn is_experiment(&self) -> bool {
        self.links.iter().any(|link| link.policy.is_experiment())
    }

    /// Its defaults.
    pub fn defaults(&self) -> Defaults {
        self.defaults
    }
}
