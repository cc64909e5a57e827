//! How connections and capabilities end.

use libetp::frame::body::RequestError;
use libetp::frame::kind;
use libetp::params::Param;
use libetp::params::runtime::CapabilityEnded;
use libetp::{EntityId, Port, VerdictCode};

use guard_policies::Entry;

use super::connection::{Phase, Role};
use super::directory::DomainState;
use super::effect::{Change, Crossing, Effect};
use super::frames::Next;
use super::ledger::Sender;
use super::limits::ENDED_IDS_MAX;
use super::mailbox::{Leftover, Mailbox};
use super::returns::ConnectionId;
use super::shard::Shard;
use super::storing::Storing;

/// Why mail goes back, and none comes in for an id that nobody is connected as.
pub(super) const DAEMON_ENDS: &str = "the daemon ends, and nobody fetched it";

impl Shard {
    /// The program is gone.
    pub fn disconnected(&mut self, id: ConnectionId) {
        self.end_role(id);
        if let Some(connection) = self.connections.remove(&id) {
            self.accounts.close(connection.account);
            self.forget_whereabouts(id);
        }
    }

    pub(super) fn release(&mut self, id: ConnectionId, role: &Role, number: u64) -> Next {
        if let Role::Owner(owned) = role
            && let Some(durable) = self.durable(*owned)
        {
            if std::mem::replace(&mut durable.is_storing, true) {
                let detail = "the capability is being resumed";
                self.refuse(id, number, RequestError::State, detail);
                return Next::Go;
            }
            self.wait(id);
            let storing = Storing::Release {
                connection: id,
                number,
                id: *owned,
            };
            self.persist(storing, Change::Remove(*owned));
            return Next::Pause;
        }
        self.end_role(id);
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.say(kind::RELEASED, number, &[]);
        }
        self.mark_dirty(id);
        Next::Go
    }

    /// The connection is no capability any more, and what hangs on it ends.
    pub(super) fn end_role(&mut self, id: ConnectionId) {
        self.pending.retain(|pending| pending.connection != id);
        self.complete_delivery(id);
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let children = std::mem::take(&mut connection.children);
        let grants = std::mem::take(&mut connection.grants);
        let phase = std::mem::replace(&mut connection.phase, Phase::Greeted);
        grants
            .iter()
            .for_each(|grant| drop(self.grants.remove(grant)));
        for child in children {
            self.close(
                child,
                RequestError::ParentGone,
                "the parent capability ended",
            );
        }
        match phase {
            Phase::Acquired(Role::Owner(owned)) => self.end_ownership(owned),
            Phase::Acquired(Role::Derived { parent, .. }) => self.leave_parent(id, parent),
            phase => self.restore_phase(id, phase),
        }
    }

    /// There was no role to end.
    fn restore_phase(&mut self, id: ConnectionId, phase: Phase) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.phase = phase;
        }
    }

    fn leave_parent(&mut self, id: ConnectionId, parent: ConnectionId) {
        if let Some(parent) = self.connections.get_mut(&parent) {
            parent.children.remove(&id);
        }
        let account = self
            .connections
            .get(&id)
            .map(|connection| connection.peer.uid);
        if let Some(uid) = account {
            let own = self.accounts.open(Sender::User(uid));
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.principal = connection.peer;
                connection.membership = connection.peer_membership.clone();
                let other = std::mem::replace(&mut connection.account, own);
                self.accounts.close(other);
            }
        }
    }

    fn end_ownership(&mut self, id: EntityId) {
        let Some(capability) = self.capabilities.get_mut(&id) else {
            return;
        };
        match capability.durable.is_some() {
            true => {
                capability.connection = None;
                capability.mailbox.rewind();
                // The program that has the channel key is gone, even if its id comes back.
                self.end_authentication(id);
            }
            false => self.end_capability(id),
        }
    }

    /// The id ends for ever. Who sent what it did not take is told.
    pub(super) fn end_capability(&mut self, id: EntityId) {
        let Some(capability) = self.capabilities.remove(&id) else {
            return;
        };
        self.shared.registry.remove(id);
        if let Some(held) = self.ids_of.get_mut(&capability.uid) {
            *held -= 1;
            if *held == 0 {
                self.ids_of.remove(&capability.uid);
            }
        }
        for leftover in capability.mailbox.into_leftovers() {
            let detail = "the receiver ended before it was sent to it";
            self.not_taken(leftover, VerdictCode::UnknownDestination, detail);
        }
        self.accounts.close(capability.account);
        if capability.may_be_authenticated {
            self.tell_card_ended(id);
        }
    }

    /// Mail does not outlive the daemon: who sent what nobody fetched is told.
    pub(super) fn return_mail(&mut self) {
        self.return_held();
        let limits = self.shared.limits;
        let away = self.capabilities.values_mut();
        let away = away.filter(|capability| capability.connection.is_none());
        let mailboxes: Vec<_> = away
            .map(|capability| std::mem::replace(&mut capability.mailbox, Mailbox::new(&limits)))
            .collect();
        for leftover in mailboxes.into_iter().flat_map(Mailbox::into_leftovers) {
            self.not_taken(leftover, VerdictCode::ShuttingDown, DAEMON_ENDS);
        }
    }

    /// `unsent` and `detail` are for what nobody can have seen.
    fn not_taken(&mut self, leftover: Leftover, unsent: VerdictCode, detail: &str) {
        let Leftover {
            waiting,
            message,
            was_sent,
        } = leftover;
        let sender = self.accounts.sender(waiting.account);
        self.accounts.unpin(waiting.account, waiting.load());
        let verdict = match was_sent {
            true => {
                let detail = "the receiver ended and had not taken it";
                self.refusal("not-taken", VerdictCode::Unknown, detail)
            }
            false => self.refusal("not-sent", unsent, detail),
        };
        self.give_back(waiting.back, sender, &message, &verdict);
    }

    /// Whatever the card knows of the id's authentication is void.
    pub(super) fn end_authentication(&mut self, id: EntityId) {
        if let Some(capability) = self.capabilities.get_mut(&id)
            && std::mem::take(&mut capability.may_be_authenticated)
        {
            self.tell_card_ended(id);
        }
    }

    fn tell_card_ended(&mut self, id: EntityId) {
        let home = self.shared.home(id.domain);
        match home == self.index {
            true => self.ended(id),
            false => self.effects.push(Effect::Cross(home, Crossing::Ended(id))),
        }
    }

    /// At the home of the card's queue: tells the card, or remembers to.
    pub(super) fn ended(&mut self, id: EntityId) {
        if let Some(DomainState::Live(_)) = self.directory.state(id.domain) {
            let daemon = id.domain.entity(Port::DAEMON);
            let order = CapabilityEnded { id }.into_message(daemon, id.domain.card());
            return self.submit(Entry::Host, 0, &order);
        }
        self.remember_ended(id);
    }

    /// For when the card is live again.
    pub(super) fn remember_ended(&mut self, id: EntityId) {
        let ended = self.ended.entry(id.domain).or_default();
        if ended.len() < ENDED_IDS_MAX {
            ended.insert(id);
        } else {
            self.counters.add("capability-ended-lost");
        }
    }
}
