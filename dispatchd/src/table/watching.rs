//! Programs that asked to be told how their card is.

use libetp::params::Param;
use libetp::params::host::CardState as CardStateParam;
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
    /// Words for people.
    pub detail: String,
    /// How long messages for it wait, in milliseconds, from when it went away; 0 if they do not.
    pub wait_ms: u64,
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
            detail: String::new(),
            wait_ms: 0,
        };
        self.cards.get(&domain).cloned().unwrap_or_else(unsaid)
    }
}

impl Shard {
    /// A program wants to know how its card is, now and from now on.
    pub(super) fn watch_card(&mut self, arriving: &Arriving<'_>) -> Routed {
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
            detail,
            wait_ms,
        } = self.directory.card_state(id.domain);
        let told = CardStateParam {
            state: state.into(),
            detail,
            wait_ms,
        };
        let daemon = id.domain.entity(Port::DIAGNOSTICS);
        self.answer(account, &told.into_message(daemon, id))
    }
}
