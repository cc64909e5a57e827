//! The card's memory: a map from keys to values, changed by atomic transactions only.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// The writes of one transaction: a value, or `None` to delete.
pub type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// The storage failed; nothing of the transaction happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("card storage: {0}")]
pub struct StoreError(pub alloc::string::String);

/// Where a card keeps what must survive power loss.
///
/// `commit` is all or nothing at whatever moment power fails, and durable when it returns.
pub trait Store {
    /// The value of a key.
    ///
    /// # Errors
    /// [`StoreError`] if the storage cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// At most `limit` entries whose key starts with `prefix` and is greater than `after`, in
    /// order of keys.
    ///
    /// # Errors
    /// [`StoreError`] if the storage cannot be read.
    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Applies all writes or none.
    ///
    /// # Errors
    /// [`StoreError`] if nothing was written.
    fn commit(&mut self, writes: &Writes) -> Result<(), StoreError>;
}

/// A store in memory, for tests and the simulator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Store for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.entries.get(key).cloned())
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let start = after.map_or(prefix, |after| after.max(prefix));
        let entries = self
            .entries
            .range(start.to_vec()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after))
            .take(limit);
        Ok(entries
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn commit(&mut self, writes: &Writes) -> Result<(), StoreError> {
        for (key, value) in writes {
            match value {
                Some(value) => self.entries.insert(key.clone(), value.clone()),
                None => self.entries.remove(key),
            };
        }
        Ok(())
    }
}
