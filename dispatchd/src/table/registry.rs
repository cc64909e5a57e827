//! Which shard an id lives in.

use dashmap::DashMap;
use libetp::EntityId;

/// Number of a shard, that of its I/O thread.
pub type ShardIndex = u16;

/// The one map that shards share. No reference into it ever leaves this type.
#[derive(Debug, Default)]
pub struct Registry {
    shards: DashMap<EntityId, ShardIndex>,
}

impl Registry {
    /// Where the id lives.
    pub fn find(&self, id: EntityId) -> Option<ShardIndex> {
        self.shards.get(&id).map(|shard| *shard)
    }

    /// The id lives here from now on.
    pub fn insert(&self, id: EntityId, shard: ShardIndex) {
        self.shards.insert(id, shard);
    }

    /// The id is gone.
    pub fn remove(&self, id: EntityId) {
        self.shards.remove(&id);
    }

    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.shards.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.shards.is_empty()
    }
}
