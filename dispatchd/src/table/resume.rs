//! `RESUME`: a program takes its durable capability up again.

use libetp::EntityId;
use libetp::frame::body::{RequestError, Resume};
use zeroize::Zeroizing;

use super::effect::{Change, Effect};
use super::frames::Next;
use super::returns::ConnectionId;
use super::secret::Shown;
use super::shard::Shard;
use super::store::StoredCapability;
use super::storing::Storing;

const BAD_SECRET: &str = "no such durable capability of this user, or another secret";

impl Shard {
    pub(super) fn resume(&mut self, id: ConnectionId, number: u64, asked: &Resume) -> Next {
        if self.directory.draining {
            self.refuse(id, number, RequestError::ShuttingDown, "the daemon ends");
            return Next::Go;
        }
        match self.shared.registry.find(asked.id) {
            Some(shard) if shard != self.index => self.move_to(id, shard),
            _ => self.resume_here(id, number, asked),
        }
    }

    fn resume_here(&mut self, id: ConnectionId, number: u64, asked: &Resume) -> Next {
        let shown = StoredCapability::hash(&asked.secret);
        let uid = self
            .connections
            .get(&id)
            .map(|connection| connection.peer.uid);
        let durable = self
            .capabilities
            .get(&asked.id)
            .filter(|capability| Some(capability.uid) == uid)
            .and_then(|capability| capability.durable.as_ref());
        match durable.map(|durable| (durable.stored.judge(&shown), durable.is_storing)) {
            Some((Shown::Valid, false)) => self.rotate(id, number, asked.id, &shown),
            Some((Shown::Valid, true)) => {
                let detail = "the capability is being resumed";
                self.refuse(id, number, RequestError::State, detail);
                Next::Go
            }
            Some((Shown::Spent, _)) => {
                self.revoke(id, number, asked.id);
                Next::Go
            }
            Some((Shown::Unknown, _)) | None => {
                let peer = self.connections.get(&id).map(|connection| connection.peer);
                self.event("bad-secret", Some(asked.id), peer, BAD_SECRET);
                self.refuse(id, number, RequestError::BadSecret, BAD_SECRET);
                Next::Go
            }
        }
    }

    fn rotate(
        &mut self,
        connection: ConnectionId,
        number: u64,
        id: EntityId,
        shown: &[u8; 32],
    ) -> Next {
        let secret = Zeroizing::new((self.entropy)());
        let fresh = StoredCapability::hash(&secret);
        let durable = self
            .capabilities
            .get_mut(&id)
            .and_then(|capability| capability.durable.as_mut());
        let Some(durable) = durable else {
            return Next::Go;
        };
        durable.is_storing = true;
        let next = durable.stored.resumed(shown, fresh);
        let change = Change::Put(next.clone());
        self.wait(connection);
        let storing = Storing::Resume {
            connection,
            number,
            next,
            secret,
        };
        self.persist(storing, change);
        Next::Pause
    }

    /// Two programs hold what only one should: nobody keeps it.
    fn revoke(&mut self, shower: ConnectionId, number: u64, id: EntityId) {
        let detail = "a spent secret was shown: the capability is revoked";
        let peer = self
            .connections
            .get(&shower)
            .map(|connection| connection.peer);
        self.event("secret-reused", Some(id), peer, detail);
        let owner = self.capabilities.get(&id).and_then(|c| c.connection);
        if let Some(owner) = owner {
            self.close(owner, RequestError::SecretReused, detail);
        }
        self.end_capability(id);
        self.effects.push(Effect::Persist(None, Change::Remove(id)));
        self.refuse(shower, number, RequestError::SecretReused, detail);
    }
}
