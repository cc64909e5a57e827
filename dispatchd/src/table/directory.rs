//! What the host knows of domains: which are its own, how their cards are, where others are.

use std::collections::{BTreeMap, BTreeSet};

use guard_policies::Locality;
use libetp::digest::Hash;
use libetp::{Domain, VerdictCode};

use super::watching::CardState;

/// What a card takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardLimits {
    /// Longest message in bytes, header included.
    pub message_bytes_max: usize,
}

/// How the card of a local domain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainState {
    /// It proved itself and takes messages.
    Live(CardLimits),
    /// It takes none; senders get this verdict.
    Down(VerdictCode),
}

/// A snapshot that every shard holds; a change is a new one.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// The host's own domains. Only an administrator removes one.
    pub local: BTreeMap<Domain, DomainState>,
    /// Which host serves a domain that is not local.
    pub routes: BTreeMap<Domain, Hash>,
    /// Users whose programs may authenticate to a card.
    pub owners: BTreeMap<Domain, BTreeSet<u32>>,
    /// How the cards of local domains are, for programs that want to know.
    pub cards: BTreeMap<Domain, CardState>,
    /// Users who may send `CONTROL`.
    pub admins: BTreeSet<u32>,
    /// Whether the daemon ends and takes no more messages.
    pub draining: bool,
}

impl Locality for Directory {
    fn is_local(&self, domain: Domain) -> bool {
        self.local.contains_key(&domain)
    }

    fn is_owner(&self, uid: u32, domain: Domain) -> bool {
        self.owners
            .get(&domain)
            .is_some_and(|owners| owners.contains(&uid))
    }
}

impl Directory {
    /// The state of a local domain.
    pub fn state(&self, domain: Domain) -> Option<DomainState> {
        self.local.get(&domain).copied()
    }

    /// Whether the domain's card takes messages.
    pub fn is_live(&self, domain: Domain) -> bool {
        matches!(self.state(domain), Some(DomainState::Live(_)))
    }

    /// Whether the user may send `CONTROL`.
    pub fn is_admin(&self, uid: u32) -> bool {
        self.admins.contains(&uid)
    }

    /// Whether programs of the domain may send and receive. A card that is merely gone does not
    /// hinder them.
    pub fn may_talk(&self, domain: Domain) -> Result<(), VerdictCode> {
        match self.state(domain) {
            Some(DomainState::Down(code @ (VerdictCode::Suspended | VerdictCode::Quarantined))) => {
                Err(code)
            }
            _ => Ok(()),
        }
    }
}
