//! What a shard holds, for people.

use std::collections::BTreeMap;

use libetp::{Domain, EntityId};

use super::capability::Capability;
use super::parking::HeldSnapshot;
use super::returns::ConnectionId;
use super::shard::Shard;

/// What a shard holds at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardSnapshot {
    /// Every counter by its name.
    pub counters: BTreeMap<String, u64>,
    /// Its ids, in order.
    pub ids: Vec<IdSnapshot>,
    /// Messages that wait for cards.
    pub cards: BTreeMap<Domain, u64>,
    /// Messages that somebody is asked about.
    pub held: Vec<HeldSnapshot>,
}

/// An acquired id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdSnapshot {
    /// The id.
    pub id: EntityId,
    /// What the program calls itself.
    pub name: String,
    /// Whose it is.
    pub uid: u32,
    /// The process, while it is connected.
    pub pid: Option<i32>,
    /// Whether it outlives its connection.
    pub durable: bool,
    /// Derived connections that send as it.
    pub derived: u32,
    /// Messages that wait or are not taken.
    pub waiting: u64,
    /// The bytes they are charged with.
    pub waiting_bytes: u64,
}

impl Shard {
    /// What it holds now.
    pub fn snapshot(&self) -> ShardSnapshot {
        let mut counters = BTreeMap::from([
            ("messages-stored".to_owned(), self.stored_messages),
            ("messages-taken".to_owned(), self.taken_messages),
        ]);
        self.counters.add_to(&mut counters);
        let ids = self.capabilities.iter();
        let cards = self.cards.iter();
        ShardSnapshot {
            counters,
            ids: ids
                .map(|(id, capability)| self.id_snapshot(*id, capability))
                .collect(),
            cards: cards
                .map(|(domain, queue)| (*domain, queue.len() as u64))
                .collect(),
            held: self.held(),
        }
    }

    fn id_snapshot(&self, id: EntityId, capability: &Capability) -> IdSnapshot {
        let connection = capability
            .connection
            .and_then(|id| self.connections.get(&id));
        let used = capability.mailbox.used();
        IdSnapshot {
            id,
            name: capability.name.clone(),
            uid: capability.uid,
            pid: connection.map(|connection| connection.peer.pid),
            durable: capability.durable.is_some(),
            derived: capability.connection.map_or(0, |id| self.derived_from(id)),
            waiting: used.messages,
            waiting_bytes: used.bytes,
        }
    }

    /// How many connections were derived from this one, in any generation.
    fn derived_from(&self, id: ConnectionId) -> u32 {
        let children = self
            .connections
            .get(&id)
            .into_iter()
            .flat_map(|c| &c.children);
        children.map(|child| 1 + self.derived_from(*child)).sum()
    }
}
