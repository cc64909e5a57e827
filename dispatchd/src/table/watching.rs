//! Programs that asked to be told how their card is.

use libetp::params::Param;
use libetp::params::host::{CardState as CardStateParam, CardWatch};
use libetp::{Domain, EntityId, Port, VerdictCode};

use super::directory::{Directory, DomainState};
use super::ledger::Account;
use super::returns::Back;
use super::send::{Arriving, Routed};
use super::shard::Shard;

/// How a card is, for programs of its domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardState {
    /// As `etpctl card list` says it.
    pub state: &'static str,
    /// Why; `None` for a live card, and for one of which the daemon has not heard yet.
    pub reason: Option<CardReason>,
    /// How long messages for it wait, in milliseconds, from when it went away; 0 if they do not.
    pub wait_ms: u64,
}

/// Why a card is not live, as far as every program of its domain may know: nothing of paths, readers, processes or
/// other domains. Administrators are told the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardReason {
    /// There is none in the reader.
    NoCard,
    /// Another card is in its place.
    OtherCard,
    /// There is no way to it.
    NoLink,
    /// It stated that it is at another host.
    Elsewhere,
    /// It is older than it was.
    RolledBack,
    /// It does not prove what it claims.
    NotProved,
    /// It does not keep to the protocol.
    Misbehaves,
    /// The daemon cannot serve it.
    Host,
}

impl CardReason {
    /// The word in `card-state`.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoCard => "no-card",
            Self::OtherCard => "other-card",
            Self::NoLink => "no-link",
            Self::Elsewhere => "elsewhere",
            Self::RolledBack => "rolled-back",
            Self::NotProved => "not-proved",
            Self::Misbehaves => "misbehaves",
            Self::Host => "host",
        }
    }
}

impl Directory {
    /// How the card of a domain is, as far as somebody said it.
    fn card_state(&self, domain: Domain) -> CardState {
        let state = match self.state(domain) {
            Some(DomainState::Live(_)) => "live",
            Some(DomainState::Down(VerdictCode::Suspended)) => "suspended",
            Some(DomainState::Down(VerdictCode::Quarantined)) => "quarantined",
            Some(DomainState::Down(_)) | None => "gone",
        };
        let unsaid = || CardState {
            state,
            reason: None,
            wait_ms: 0,
        };
        self.cards.get(&domain).cloned().unwrap_or_else(unsaid)
    }
}

impl Shard {
    /// A program wants to know how its card is, now and from now on.
    pub(super) fn watch_card(&mut self, arriving: &Arriving<'_>) -> Routed {
        if let Err(error) = CardWatch::from_param(arriving.param) {
            return Err(self.refusal("malformed", VerdictCode::Malformed, error.to_string()));
        }
        if let Back::App { connection, .. } = arriving.back
            && let Some(connection) = self.connections.get_mut(&connection)
        {
            connection.watches_card = true;
        }
        self.tell_card_state(arriving.account, arriving.header.src)
    }

    /// The state of a card is another, or the same anew.
    pub(super) fn card_state_changed(&mut self, domain: Domain) {
        let watching = self.connections.values().filter(|it| it.watches_card);
        let owners = watching.filter_map(|it| Some((it.account, it.owned()?)));
        let owners: Vec<_> = owners.filter(|(_, id)| id.domain == domain).collect();
        for (account, id) in owners {
            // Whoever takes nothing from its mailbox misses the news; what is refused is counted.
            let _ = self.tell_card_state(account, id);
        }
    }

    /// Who watches pays, as for what it sends.
    fn tell_card_state(&mut self, account: Account, id: EntityId) -> Routed {
        let CardState {
            state,
            reason,
            wait_ms,
        } = self.directory.card_state(id.domain);
        let told = CardStateParam {
            state: state.into(),
            reason: reason.map_or_else(String::new, |reason| reason.word().into()),
            wait_ms,
        };
        let daemon = id.domain.entity(Port::DIAGNOSTICS);
        self.answer(account, &told.into_message(daemon, id))
    }
}
