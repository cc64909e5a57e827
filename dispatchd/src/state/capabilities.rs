//! Durable capabilities, as the dispatch table wants them kept.

use libetp::EntityId;
use libetp::codec::List;
use libetp::digest::Hash;

use super::{State, StateError, Table};
use crate::table::{CapabilityStore, StoreError, StoredCapability};

const CAPABILITIES: Table = Table::new("capabilities");
pub(super) const TABLES: [Table; 1] = [CAPABILITIES];

libetp::structure! {
    /// One capability; its id is the key. Of secrets only SHA-256 is kept.
    struct Record {
        uid: u32,
        name: String,
        current: Hash,
        previous: Option<Hash>,
        spent: List<Hash>,
    }
}

impl From<&StoredCapability> for Record {
    fn from(capability: &StoredCapability) -> Self {
        Self {
            uid: capability.uid,
            name: capability.name.clone(),
            current: capability.current,
            previous: capability.previous,
            spent: List(capability.spent.clone()),
        }
    }
}

impl Record {
    fn into_capability(self, id: EntityId) -> StoredCapability {
        StoredCapability {
            id,
            uid: self.uid,
            name: self.name,
            current: self.current,
            previous: self.previous,
            spent: self.spent.0,
        }
    }
}

impl State {
    fn capabilities(&self) -> Result<Vec<StoredCapability>, StateError> {
        let entries = self.read_all::<Record>(CAPABILITIES)?;
        let capability = |(key, record): (Vec<u8>, Record)| {
            let id = EntityId::from_bytes(self.fixed(&key)?);
            Ok(record.into_capability(id))
        };
        entries.into_iter().map(capability).collect()
    }
}

fn store_error(error: StateError) -> StoreError {
    StoreError(error.to_string())
}

impl CapabilityStore for State {
    fn load(&mut self) -> Result<Vec<StoredCapability>, StoreError> {
        self.capabilities().map_err(store_error)
    }

    fn put(&mut self, capability: &StoredCapability) -> Result<(), StoreError> {
        let (id, record) = (capability.id.to_bytes(), Record::from(capability));
        let put = self.change(|change| change.put(CAPABILITIES, &id, &record));
        put.map_err(store_error)
    }

    fn remove(&mut self, id: EntityId) -> Result<(), StoreError> {
        let removed = self.change(|change| change.delete(CAPABILITIES, &id.to_bytes()));
        removed.map_err(store_error)
    }
}
