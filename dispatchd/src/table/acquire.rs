//! `ACQUIRE`: a port of a card becomes a program's id.

use guard_policies::Principal;
use libetp::frame::body::{Acquire, Acquired, RequestError};
use libetp::frame::kind;
use libetp::{Domain, EntityId};
use zeroize::Zeroizing;

use super::connection::{Phase, Role};
use super::directory::DomainState;
use super::effect::{Change, Effect};
use super::frames::Next;
use super::limits::ACQUIRE_WAIT_MS;
use super::returns::ConnectionId;
use super::shard::Shard;
use super::store::StoredCapability;
use super::storing::Storing;

/// A request that waits for a port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub(super) connection: ConnectionId,
    number: u64,
    domain: Domain,
    durable: bool,
    since_ms: u64,
}

/// Why a request is refused.
pub(super) type Refusal = (RequestError, &'static str);

impl Shard {
    pub(super) fn acquire(&mut self, id: ConnectionId, number: u64, asked: &Acquire) -> Next {
        let Some(peer) = self.connections.get(&id).map(|connection| connection.peer) else {
            return Next::Pause;
        };
        let domain = self
            .domain_for(asked.domain)
            .and_then(|domain| self.may_acquire(peer).map(|()| domain));
        match domain {
            Ok(domain) => {
                let pending = Pending {
                    connection: id,
                    number,
                    domain,
                    durable: asked.durable,
                    since_ms: self.now_ms,
                };
                match self.pending.iter().any(|other| other.domain == domain) {
                    // Whoever asked first gets the first port of the next block.
                    true => self.wait_for_port(pending),
                    false => self.try_acquire(pending),
                }
            }
            Err((error, detail)) => {
                self.refuse(id, number, error, detail);
                Next::Go
            }
        }
    }

    /// The card that is meant, if it takes programs now.
    fn domain_for(&self, asked: Option<Domain>) -> Result<Domain, Refusal> {
        if self.directory.draining {
            return Err((RequestError::ShuttingDown, "the daemon ends"));
        }
        let mut local = self.directory.local.keys();
        let domain = match (asked, local.next(), local.next()) {
            (Some(domain), _, _) => domain,
            (None, Some(only), None) => *only,
            (None, None, _) => {
                return Err((RequestError::NoSuchCard, "no card of this host is known"));
            }
            (None, _, _) => {
                return Err((
                    RequestError::NoSuchCard,
                    "this host has several cards: name one",
                ));
            }
        };
        match self.directory.state(domain) {
            Some(DomainState::Live(_)) => Ok(domain),
            Some(DomainState::Down(_)) => Err((RequestError::CardGone, "the card is not live")),
            None => Err((
                RequestError::NoSuchCard,
                "no card of this host has that domain",
            )),
        }
    }

    fn may_acquire(&mut self, peer: Principal) -> Result<(), Refusal> {
        let held = self.ids_of.get(&peer.uid).copied().unwrap_or_default();
        if held >= self.shared.limits.ids_per_user_max {
            self.event("ids-per-user", None, Some(peer), "too many ids");
            return Err((RequestError::Quota, "this user holds too many ids"));
        }
        if !self.shared.acquires.take(peer.uid, self.now_ms) {
            self.event("acquire-bucket", None, Some(peer), "ids acquired too fast");
            return Err((RequestError::Quota, "this user acquires ids too fast"));
        }
        Ok(())
    }

    fn try_acquire(&mut self, pending: Pending) -> Next {
        let taken = self.shared.ports.take(pending.domain);
        if taken.wants_block {
            self.effects.push(Effect::WantPorts(pending.domain));
        }
        match taken.id {
            Some(id) => self.assign(&pending, id),
            None => self.wait_for_port(pending),
        }
    }

    fn wait_for_port(&mut self, pending: Pending) -> Next {
        if self.pending.len() >= self.shared.limits.pending_acquires_max {
            let detail = "too many programs wait for the card to reserve ports";
            self.refuse(
                pending.connection,
                pending.number,
                RequestError::Quota,
                detail,
            );
            return Next::Go;
        }
        self.wait(pending.connection);
        self.pending.push_back(pending);
        Next::Pause
    }

    pub(super) fn wait(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.is_waiting = true;
        }
    }

    /// The connection is read again.
    pub(super) fn go_on(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.is_waiting = false;
        }
        self.mark_dirty(id);
    }

    fn assign(&mut self, pending: &Pending, id: EntityId) -> Next {
        let Some(connection) = self.connections.get(&pending.connection) else {
            return Next::Pause;
        };
        let (uid, name) = (connection.peer.uid, connection.name.clone());
        if !pending.durable {
            self.insert_capability(id, uid, name, None);
            self.attach(pending.connection, pending.number, id, None, false);
            return Next::Go;
        }
        let secret = Zeroizing::new((self.entropy)());
        let stored = StoredCapability {
            id,
            uid,
            name,
            current: StoredCapability::hash(&secret),
            previous: None,
            spent: Vec::new(),
        };
        self.wait(pending.connection);
        let storing = Storing::Acquire {
            connection: pending.connection,
            number: pending.number,
            stored: stored.clone(),
            secret,
        };
        self.persist(storing, Change::Put(stored));
        Next::Pause
    }

    /// The connection is the capability from now on.
    pub(super) fn attach(
        &mut self,
        connection_id: ConnectionId,
        number: u64,
        id: EntityId,
        secret: Option<[u8; 32]>,
        resumed: bool,
    ) {
        let Some(connection) = self.connections.get_mut(&connection_id) else {
            return;
        };
        let acquired = Acquired {
            id,
            secret,
            resumed,
        };
        connection.answer(kind::ACQUIRED, number, &acquired);
        connection.phase = Phase::Acquired(Role::Owner(id));
        if let Some(capability) = self.capabilities.get_mut(&id) {
            capability.connection = Some(connection_id);
            capability.name.clone_from(&connection.name);
        }
        self.mark_dirty(connection_id);
    }

    /// The pool has ports again, or not: each waiting request is asked once.
    pub(super) fn retry_acquires(&mut self, domain: Domain) {
        let (now, later): (Vec<_>, Vec<_>) = self
            .pending
            .drain(..)
            .partition(|pending| pending.domain == domain);
        self.pending.extend(later);
        for pending in now {
            self.go_on(pending.connection);
            self.try_acquire(pending);
        }
    }

    /// The card reserves no ports any more.
    pub(super) fn fail_acquires(&mut self, is_over: impl Fn(&Self, &Pending) -> bool) {
        let all: Vec<_> = self.pending.drain(..).collect();
        for pending in all {
            if !is_over(self, &pending) {
                self.pending.push_back(pending);
                continue;
            }
            let detail = "the card reserved no ports";
            self.refuse(
                pending.connection,
                pending.number,
                RequestError::CardGone,
                detail,
            );
            self.go_on(pending.connection);
        }
    }

    pub(super) fn fail_acquires_of(&mut self, domain: Domain) {
        self.fail_acquires(|_, pending| pending.domain == domain);
    }

    pub(super) fn fail_old_acquires(&mut self) {
        self.fail_acquires(|shard, pending| shard.now_ms >= pending.since_ms + ACQUIRE_WAIT_MS);
    }
}
