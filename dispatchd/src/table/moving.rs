//! Connections that move to another shard, because the id that they take up lives there.
//!
//! A connection keeps its [`ConnectionId`] for ever, and with it everything that it is owed:
//! answers that are not written, requests that the daemon has not answered, verdicts that are still
//! to come. Whoever answers knows the shard that it connected to from its id; that shard knows where
//! it went. A connection moves only when every message that it sent is judged, so that nothing
//! overtakes on the longer way.

use std::collections::BTreeSet;

use guard_policies::Principal;

use super::connection::Connection;
use super::effect::{Crossing, Effect};
use super::frames::Next;
use super::ledger::Sender;
use super::registry::ShardIndex;
use super::returns::ConnectionId;
use super::shard::Shard;

/// What a connection waits for until other shards have done everything that came before.
#[derive(Debug)]
pub(super) struct Barrier {
    /// What follows.
    pub(super) then: AfterBarrier,
    /// Shards that have not said so yet.
    pub(super) waits_for: BTreeSet<ShardIndex>,
}

/// What follows a [`Barrier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterBarrier {
    /// The answer to a `FLUSH` of this number.
    Flushed(u64),
    /// The request that makes the connection move comes again.
    Move,
}

/// A connection on its way to another shard. It is no capability.
#[derive(Debug)]
pub struct Departed(Connection);

impl Departed {
    /// Who connected.
    pub fn peer(&self) -> Principal {
        self.0.peer
    }
}

impl Shard {
    /// The request concerns an id of another shard: the connection moves there and brings the
    /// request, once everything that it sent before is judged.
    pub(super) fn move_to(&mut self, id: ConnectionId, shard: ShardIndex) -> Next {
        self.wait(id);
        let is_judged = |connection: &Connection| {
            connection.crossed.is_empty() && connection.barriers.is_empty()
        };
        match self.connections.get(&id).is_some_and(is_judged) {
            true => self.effects.push(Effect::Move(id, shard)),
            false => self.raise_barrier(id, AfterBarrier::Move),
        }
        Next::Again
    }

    /// Takes a connection out, for [`Shard::arrived`] of the other shard.
    pub fn departed(&mut self, id: ConnectionId, to: ShardIndex) -> Option<Departed> {
        let connection = self.connections.remove(&id)?;
        self.accounts.close(connection.account);
        if id.shard() == self.index {
            self.moved.insert(id, to);
        } else if id.shard() != to {
            let moved = Crossing::Moved(id, to);
            self.effects.push(Effect::Cross(id.shard(), moved));
        }
        Some(Departed(connection))
    }

    /// A connection came from another shard.
    pub fn arrived(&mut self, departed: Departed) -> ConnectionId {
        let Departed(mut connection) = departed;
        let id = connection.id;
        connection.account = self.accounts.open(Sender::User(connection.peer.uid));
        connection.is_waiting = false;
        connection.is_dirty = false;
        self.moved.remove(&id);
        self.connections.insert(id, connection);
        self.mark_dirty(id);
        id
    }

    /// Something for a connection that is not here goes where it may be.
    pub(super) fn pass_on(&mut self, id: ConnectionId, crossing: Crossing) {
        let next = match id.shard() == self.index {
            true => self.moved.get(&id).copied(),
            false => Some(id.shard()),
        };
        match next {
            Some(shard) => self.effects.push(Effect::Cross(shard, crossing)),
            None => self.counters.add(to_nobody(&crossing)),
        }
    }

    /// At the shard that it connected to: the connection went on, or ended.
    pub(super) fn moved_on(&mut self, id: ConnectionId, to: Option<ShardIndex>) {
        match to {
            Some(shard) => drop(self.moved.insert(id, shard)),
            None => drop(self.moved.remove(&id)),
        }
    }

    /// The connection ended: nobody needs to know any more where it is.
    pub(super) fn forget_whereabouts(&mut self, id: ConnectionId) {
        if id.shard() != self.index {
            let ended = Crossing::Left(id);
            self.effects.push(Effect::Cross(id.shard(), ended));
        }
    }
}

fn to_nobody(crossing: &Crossing) -> &'static str {
    match crossing {
        Crossing::Verdict(..) => "verdict-to-nobody",
        _ => "answer-to-nobody",
    }
}
