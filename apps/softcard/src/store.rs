//! The card's memory in a `redb` database.
//!
//! Commits are in two phases, each with its own fsync: the new pages, then the pointer to them.
//! So power loss at any moment leaves the old state or the new one, and a page that rots later is
//! found by its checksum and refused; nothing ever falls back silently to an older transaction,
//! which for a card would be a rollback.

use std::fmt;
use std::fs::File;
use std::ops::Bound;
use std::path::PathBuf;

use oncard_runtime::{Store, StoreError, Writes};
use redb::{
    Database, DatabaseError, ReadableDatabase, StorageBackend, StorageError, TableDefinition,
    TableError,
};

use crate::device_key::AtRest;
use crate::directory::open_private;

/// Version of the state file that this software writes, and the only one that it reads.
pub const STATE_FORMAT: u32 = 1;

/// What the file is.
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// The card's records.
const CARD: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("card");
const FORMAT_KEY: &str = "format";
const AT_REST_KEY: &str = "at-rest";
/// Memory in bytes for pages of the database.
const CACHE_BYTES: usize = 1 << 20;

/// Why a state file does not open. It is left as it was.
#[derive(Debug, thiserror::Error)]
pub enum StoreOpenError {
    /// Another process, or another card in this one, has it open.
    #[error("in use: the card is already open")]
    InUse,
    /// Written by another version of this software.
    #[error("state of format {found}; this software reads format {STATE_FORMAT}")]
    Format {
        /// The format found.
        found: u32,
    },
    /// Not a state file, or a damaged one. Its contents cannot be relied on.
    #[error("not a card's state, or damaged: {0}")]
    Corrupt(String),
    /// The storage itself failed.
    #[error("{0}")]
    Storage(String),
}

/// A [`Store`] in one `redb` file with one writer. [`commit`](Store::commit) returns when the
/// writes survive power loss.
///
/// After an error of `commit` it is open whether the transaction happened: the storage failed in
/// the middle. The store refuses everything from then on; reopened, it holds the old state or the
/// new one.
pub struct RedbStore {
    /// None only while it is being reopened, or when that failed.
    database: Option<Database>,
    /// Where to reopen it.
    path: Option<PathBuf>,
    at_rest: AtRest,
    failed: bool,
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedbStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl RedbStore {
    /// Makes a store with these first writes in an empty file, in one transaction.
    ///
    /// # Errors
    /// [`StoreOpenError`]; the file is to be thrown away then.
    pub fn create(file: File, at_rest: AtRest, first: &Writes) -> Result<(), StoreOpenError> {
        let empty = file.metadata().is_ok_and(|metadata| metadata.len() == 0);
        if !empty {
            return Err(StoreOpenError::Corrupt("the file is not empty".to_owned()));
        }
        let backend = redb::backends::FileBackend::new(file).map_err(open_error)?;
        Self::create_on(backend, at_rest, first)
    }

    /// As [`create`](Self::create), in whatever keeps bytes.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_on(
        backend: impl StorageBackend,
        at_rest: AtRest,
        first: &Writes,
    ) -> Result<(), StoreOpenError> {
        let database = builder().create_with_backend(backend).map_err(open_error)?;
        begin(&database, first, Some(at_rest)).map_err(StoreOpenError::Storage)
    }

    /// Opens the store in a file that only its owner may touch.
    ///
    /// # Errors
    /// [`StoreOpenError`]. An empty file is [`StoreOpenError::Corrupt`].
    pub fn open(file: File) -> Result<Self, StoreOpenError> {
        let backend = redb::backends::FileBackend::new(file).map_err(open_error)?;
        Self::open_on(backend)
    }

    /// As [`open`](Self::open), from whatever keeps bytes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_on(backend: impl StorageBackend) -> Result<Self, StoreOpenError> {
        let length = backend
            .len()
            .map_err(|error| StoreOpenError::Storage(error.to_string()))?;
        if length == 0 {
            return Err(StoreOpenError::Corrupt("the file is empty".to_owned()));
        }
        let mut database = builder().create_with_backend(backend).map_err(open_error)?;
        check_format(&database)?;
        database.check_integrity().map_err(open_error)?;
        Ok(Self {
            at_rest: read_at_rest(&database)?,
            database: Some(database),
            path: None,
            failed: false,
        })
    }

    /// Opens the store of a path, and can open it again after a failure.
    pub(crate) fn open_path(path: PathBuf) -> Result<Self, crate::SoftCardError> {
        let file = open_private(&path, true)?;
        match Self::open(file) {
            Ok(store) => Ok(Self {
                path: Some(path),
                ..store
            }),
            Err(source) => Err(crate::SoftCardError::State { path, source }),
        }
    }

    /// Opens the file again if it failed, as a card does that gets power again.
    pub(crate) fn recover(&mut self) -> Result<(), crate::SoftCardError> {
        let Some(path) = self.path.clone().filter(|_| self.failed) else {
            return Ok(());
        };
        // The lock must be let go of before it can be taken again.
        self.database = None;
        *self = Self::open_path(path)?;
        Ok(())
    }

    /// What protects the store at rest.
    pub fn at_rest(&self) -> AtRest {
        self.at_rest
    }

    fn database(&self) -> Result<&Database, StoreError> {
        let database = self.database.as_ref().filter(|_| !self.failed);
        database.ok_or_else(|| StoreError("failed before; to be opened again".to_owned()))
    }
}

impl Store for RedbStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let read = self.database()?.begin_read().map_err(store_error)?;
        let table = read.open_table(CARD).map_err(store_error)?;
        let value = table.get_owned(key).map_err(store_error)?;
        Ok(value.map(|value| value.value().to_vec()))
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let read = self.database()?.begin_read().map_err(store_error)?;
        let table = read.open_table(CARD).map_err(store_error)?;
        let start = match after.filter(|after| *after >= prefix) {
            Some(after) => Bound::Excluded(after),
            None => Bound::Included(prefix),
        };
        let range = (start, Bound::Unbounded);
        let mut entries = Vec::new();
        for entry in table
            .range::<&[u8]>(range)
            .map_err(store_error)?
            .take(limit)
        {
            let (key, value) = entry.map_err(store_error)?;
            if !key.value().starts_with(prefix) {
                break;
            }
            entries.push((key.value().to_vec(), value.value().to_vec()));
        }
        Ok(entries)
    }

    fn commit(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let done = begin(self.database()?, writes, None);
        self.failed = done.is_err();
        done.map_err(StoreError)
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// One durable transaction; with the meta records if the file is new.
fn begin(database: &Database, writes: &Writes, new: Option<AtRest>) -> Result<(), String> {
    let words = |error: redb::Error| error.to_string();
    let mut transaction = database
        .begin_write()
        .map_err(|error| words(error.into()))?;
    transaction.set_two_phase_commit(true);
    apply(&transaction, writes, new).map_err(words)?;
    transaction.commit().map_err(|error| words(error.into()))
}

fn apply(
    transaction: &redb::WriteTransaction,
    writes: &Writes,
    new: Option<AtRest>,
) -> Result<(), redb::Error> {
    if let Some(at_rest) = new {
        let mut meta = transaction.open_table(META)?;
        meta.insert(FORMAT_KEY, &STATE_FORMAT.to_be_bytes()[..])?;
        meta.insert(AT_REST_KEY, at_rest.name().as_bytes())?;
    }
    let mut card = transaction.open_table(CARD)?;
    for (key, value) in writes {
        match value {
            Some(value) => card.insert(key.as_slice(), value.as_slice())?,
            None => card.remove(key.as_slice())?,
        };
    }
    Ok(())
}

/// Looks at the version before anything else is believed.
fn check_format(database: &Database) -> Result<(), StoreOpenError> {
    let format = meta(database, FORMAT_KEY)?;
    let format: [u8; 4] = format
        .try_into()
        .map_err(|_| StoreOpenError::Corrupt("its format record is no number".to_owned()))?;
    match u32::from_be_bytes(format) {
        STATE_FORMAT => Ok(()),
        found => Err(StoreOpenError::Format { found }),
    }
}

fn read_at_rest(database: &Database) -> Result<AtRest, StoreOpenError> {
    let name = meta(database, AT_REST_KEY)?;
    let unknown = || StoreOpenError::Corrupt("unknown protection at rest".to_owned());
    AtRest::by_name(&name).ok_or_else(unknown)
}

fn meta(database: &Database, key: &str) -> Result<Vec<u8>, StoreOpenError> {
    let missing = || StoreOpenError::Corrupt(format!("it has no record `{key}`"));
    let read = database
        .begin_read()
        .map_err(|error| corrupt(&error.into()))?;
    let table = match read.open_table(META) {
        Err(TableError::TableDoesNotExist(_)) => return Err(missing()),
        other => other.map_err(|error| corrupt(&error.into()))?,
    };
    let value = table
        .get_owned(key)
        .map_err(|error| corrupt(&error.into()))?;
    Ok(value.ok_or_else(missing)?.value().to_vec())
}

fn corrupt(error: &redb::Error) -> StoreOpenError {
    match error {
        redb::Error::Io(error) => StoreOpenError::Storage(error.to_string()),
        other => StoreOpenError::Corrupt(other.to_string()),
    }
}

fn open_error(error: DatabaseError) -> StoreOpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreOpenError::InUse,
        // What redb says of a file that is no database.
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() == std::io::ErrorKind::InvalidData =>
        {
            StoreOpenError::Corrupt(error.to_string())
        }
        other => corrupt(&other.into()),
    }
}

fn store_error(error: impl Into<redb::Error>) -> StoreError {
    StoreError(error.into().to_string())
}
