//! Changes of the store that somebody waits for.

use libetp::EntityId;
use libetp::frame::body::RequestError;
use libetp::frame::kind;
use zeroize::Zeroizing;

use super::capability::Durable;
use super::connection::Phase;
use super::effect::{Change, Effect, Ticket};
use super::returns::ConnectionId;
use super::shard::Shard;
use super::store::StoredCapability;

/// What happens when the store is done.
#[derive(Debug)]
pub(super) enum Storing {
    Acquire {
        connection: ConnectionId,
        number: u64,
        stored: StoredCapability,
        secret: Zeroizing<[u8; 32]>,
    },
    Resume {
        connection: ConnectionId,
        number: u64,
        next: StoredCapability,
        secret: Zeroizing<[u8; 32]>,
    },
    Confirm {
        connection: ConnectionId,
        next: StoredCapability,
    },
    Release {
        connection: ConnectionId,
        number: u64,
        id: EntityId,
    },
}

const NOT_STORED: &str = "the daemon could not store it; see its log";

impl Shard {
    pub(super) fn persist(&mut self, storing: Storing, change: Change) {
        let ticket = self.fresh_ticket();
        self.storing.insert(ticket, storing);
        self.effects.push(Effect::Persist(Some(ticket), change));
    }

    pub(super) fn persisted(&mut self, ticket: Ticket, is_stored: bool) {
        let Some(storing) = self.storing.remove(&ticket) else {
            return;
        };
        if !is_stored {
            self.counters.add("store-failed");
        }
        match storing {
            Storing::Acquire {
                connection,
                number,
                stored,
                secret,
            } => match is_stored {
                true => self.acquired_durable(connection, number, stored, &secret),
                false => self.refuse_waiting(connection, number, RequestError::Storage, NOT_STORED),
            },
            Storing::Resume {
                connection,
                number,
                next,
                secret,
            } => match is_stored {
                true => self.resumed(connection, number, next, &secret),
                false => self.not_stored(connection, number, next.id),
            },
            Storing::Confirm { connection, next } => self.confirmed(connection, next, is_stored),
            Storing::Release {
                connection,
                number,
                id,
            } => match is_stored {
                true => self.released(connection, number, id),
                false => self.not_stored(connection, number, id),
            },
        }
    }

    /// What survives of an id, if it is durable.
    pub(super) fn durable(&mut self, id: EntityId) -> Option<&mut Durable> {
        self.capabilities.get_mut(&id)?.durable.as_mut()
    }

    /// The capability is as it was, and may be asked for again.
    fn not_stored(&mut self, connection: ConnectionId, number: u64, id: EntityId) {
        if let Some(durable) = self.durable(id) {
            durable.is_storing = false;
        }
        self.refuse_waiting(connection, number, RequestError::Storage, NOT_STORED);
    }

    fn refuse_waiting(
        &mut self,
        connection: ConnectionId,
        number: u64,
        error: RequestError,
        detail: &str,
    ) {
        self.refuse(connection, number, error, detail);
        self.go_on(connection);
    }

    /// Whether the connection is still there to get what it asked for.
    fn is_waiting(&self, id: ConnectionId) -> bool {
        self.connections
            .get(&id)
            .is_some_and(|connection| connection.is_waiting && !connection.is_closing())
    }

    fn acquired_durable(
        &mut self,
        connection: ConnectionId,
        number: u64,
        stored: StoredCapability,
        secret: &[u8; 32],
    ) {
        let id = stored.id;
        if !self.is_waiting(connection) {
            // Nobody ever had the secret.
            self.effects.push(Effect::Persist(None, Change::Remove(id)));
            return;
        }
        let (uid, name) = (stored.uid, stored.name.clone());
        let durable = Durable {
            stored,
            is_storing: false,
            is_unconfirmed: false,
        };
        self.insert_capability(id, uid, name, Some(durable));
        if let Some(capability) = self.capabilities.get_mut(&id) {
            capability.may_be_authenticated = false;
        }
        self.attach(connection, number, id, Some(*secret), false);
        self.go_on(connection);
    }

    fn resumed(
        &mut self,
        connection: ConnectionId,
        number: u64,
        next: StoredCapability,
        secret: &[u8; 32],
    ) {
        let id = next.id;
        let Some(capability) = self.capabilities.get_mut(&id) else {
            let detail = "the capability was revoked meanwhile";
            return self.refuse_waiting(connection, number, RequestError::BadSecret, detail);
        };
        capability.durable = Some(Durable {
            stored: next,
            is_storing: false,
            is_unconfirmed: true,
        });
        if let Some(older) = capability.connection {
            self.close(
                older,
                RequestError::Fenced,
                "a newer connection resumed the capability",
            );
        }
        self.end_authentication(id);
        if self.is_waiting(connection) {
            self.attach(connection, number, id, Some(*secret), true);
            self.go_on(connection);
        }
    }

    /// Whether the frame has to wait until the store knows that the program has its new secret.
    /// Starts to store it, if so.
    pub(super) fn must_confirm(&mut self, connection: ConnectionId) -> bool {
        let owned = self.connections.get(&connection).and_then(|c| c.owned());
        let durable = owned
            .and_then(|id| self.capabilities.get_mut(&id))
            .and_then(|capability| capability.durable.as_mut());
        let Some(durable) = durable else {
            return false;
        };
        if !durable.is_unconfirmed || durable.is_storing {
            return durable.is_unconfirmed;
        }
        durable.is_storing = true;
        let next = durable.stored.confirmed();
        let change = Change::Put(next.clone());
        self.wait(connection);
        self.persist(Storing::Confirm { connection, next }, change);
        true
    }

    fn confirmed(&mut self, connection: ConnectionId, next: StoredCapability, is_stored: bool) {
        let durable = self
            .capabilities
            .get_mut(&next.id)
            .and_then(|capability| capability.durable.as_mut());
        if let Some(durable) = durable {
            durable.is_storing = false;
            if is_stored {
                durable.stored = next;
                durable.is_unconfirmed = false;
            }
        }
        match is_stored {
            true => self.go_on(connection),
            false => self.close(connection, RequestError::Storage, NOT_STORED),
        }
    }

    fn released(&mut self, connection: ConnectionId, number: u64, id: EntityId) {
        self.end_role(connection);
        self.end_capability(id);
        if let Some(open) = self.connections.get_mut(&connection)
            && !open.is_closing()
        {
            open.phase = Phase::Greeted;
            open.say(kind::RELEASED, number, &[]);
        }
        self.go_on(connection);
    }
}
