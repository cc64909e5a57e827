//! What must survive a restart of the daemon, in one transactional database outside the cards'
//! directories: capabilities, rollback witnesses, local domains, statements.
//!
//! Every change is one transaction and durable when it returns. A database that is missing,
//! damaged, or of another version is refused by name; nothing is ever started afresh in silence,
//! because an empty witness would let a restored card through and a forgotten capability would
//! lose somebody's id. The tables are described in `docs/protocol/state.md`.

mod capabilities;
mod domains;
mod error;
mod open;
mod statements;
mod witness;

use std::path::PathBuf;
use std::sync::Arc;

use libetp::codec::{self, Decode, Encode};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

pub use error::StateError;
pub use statements::StatementRefusal;
pub use witness::{Rollback, Witness};

/// A table: keys are fixed binary, values canonical encodings.
type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// The daemon's durable state.
#[derive(Clone)]
pub struct State {
    database: Arc<Database>,
    path: PathBuf,
}

/// One transaction.
struct Change<'s> {
    state: &'s State,
    transaction: WriteTransaction,
}

impl State {
    /// The value of a key.
    fn read<V: Decode>(&self, table: Table, key: &[u8]) -> Result<Option<V>, StateError> {
        let transaction = self.database.begin_read().map_err(|e| self.corrupt(e))?;
        let table = transaction.open_table(table).map_err(|e| self.corrupt(e))?;
        let value = table.get(key).map_err(|e| self.corrupt(e))?;
        value.map(|value| self.decode(value.value())).transpose()
    }

    /// All entries, in order of keys.
    fn read_all<V: Decode>(&self, table: Table) -> Result<Vec<(Vec<u8>, V)>, StateError> {
        let transaction = self.database.begin_read().map_err(|e| self.corrupt(e))?;
        let table = transaction.open_table(table).map_err(|e| self.corrupt(e))?;
        let mut entries = Vec::new();
        for entry in table.iter().map_err(|e| self.corrupt(e))? {
            let (key, value) = entry.map_err(|e| self.corrupt(e))?;
            entries.push((key.value().to_vec(), self.decode(value.value())?));
        }
        Ok(entries)
    }

    /// Does all that `work` does, or nothing if it fails.
    fn change<T, E: From<StateError>>(
        &self,
        work: impl FnOnce(&Change<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut transaction = self.database.begin_write().map_err(|e| self.corrupt(e))?;
        // A crash within a commit never leaves a choice between two states to a checksum.
        transaction.set_two_phase_commit(true);
        let change = Change {
            state: self,
            transaction,
        };
        let done = work(&change)?;
        change.transaction.commit().map_err(|e| self.corrupt(e))?;
        Ok(done)
    }

    fn decode<V: Decode>(&self, bytes: &[u8]) -> Result<V, StateError> {
        codec::from_slice(bytes).map_err(|error| self.corrupt(error))
    }

    fn corrupt(&self, error: impl std::fmt::Display) -> StateError {
        StateError::Corrupt {
            path: self.path.clone(),
            detail: error.to_string(),
        }
    }

    /// The value of a key whose length the table's format fixes.
    fn fixed<const N: usize>(&self, key: &[u8]) -> Result<[u8; N], StateError> {
        key.try_into()
            .map_err(|_| self.corrupt("a key of another length"))
    }
}

impl Change<'_> {
    fn get<V: Decode>(&self, table: Table, key: &[u8]) -> Result<Option<V>, StateError> {
        let table = self
            .transaction
            .open_table(table)
            .map_err(|e| self.state.corrupt(e))?;
        let value = table.get(key).map_err(|e| self.state.corrupt(e))?;
        value
            .map(|value| self.state.decode(value.value()))
            .transpose()
    }

    fn put(&self, table: Table, key: &[u8], value: &impl Encode) -> Result<(), StateError> {
        let mut table = self
            .transaction
            .open_table(table)
            .map_err(|e| self.state.corrupt(e))?;
        let bytes = codec::to_vec(value);
        table
            .insert(key, bytes.as_slice())
            .map_err(|e| self.state.corrupt(e))?;
        Ok(())
    }

    fn delete(&self, table: Table, key: &[u8]) -> Result<(), StateError> {
        let mut table = self
            .transaction
            .open_table(table)
            .map_err(|e| self.state.corrupt(e))?;
        table.remove(key).map_err(|e| self.state.corrupt(e))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
