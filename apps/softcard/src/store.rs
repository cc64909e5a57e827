//! The card's memory in a `redb` database.
//!
//! Commits are in two phases, each with its own fsync: the new pages, then the pointer to them.
//! So power loss at any moment leaves the old state or the new one, and a page that rots later is
//! found by its checksum and refused; nothing ever falls back silently to an older transaction,
//! which for a card would be a rollback.

use std::fmt;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};

use oncard_runtime::{Store, StoreError, Writes};
use redb::{
    Database, DatabaseError, ReadableDatabase, StorageBackend, TableDefinition, TableError,
};

use crate::device_key::AtRest;
use crate::error::SoftCardError;

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
    /// The file may not be opened as it is.
    #[error(transparent)]
    File(Box<SoftCardError>),
}

/// What a store is opened from: bytes, from wherever they are kept. Called again after a failure.
type Reopen = Box<dyn Fn() -> Result<Opened, StoreOpenError> + Send>;

/// A [`Store`] in one `redb` file with one writer. [`commit`](Store::commit) returns when the
/// writes survive power loss.
///
/// After an error of `commit` it is open whether the transaction happened: the storage failed in
/// the middle. The store refuses everything from then on; after [`recover`](Self::recover) it
/// holds the old state or the new one.
pub struct RedbStore {
    opened: Result<Opened, StoreError>,
    reopen: Reopen,
}

struct Opened {
    database: Database,
    at_rest: AtRest,
}

impl fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedbStore")
    }
}

impl RedbStore {
    /// Makes a store with these first writes, in one transaction, where no bytes are yet.
    ///
    /// # Errors
    /// [`StoreOpenError`]; what was written is to be thrown away then.
    pub fn create(
        backend: impl StorageBackend,
        at_rest: AtRest,
        first: &Writes,
    ) -> Result<(), StoreOpenError> {
        match backend.len()? {
            0 => {}
            _ => return Err(StoreOpenError::Corrupt("something is there".to_owned())),
        }
        let database = builder().create_with_backend(backend).map_err(open_error)?;
        transact(&database, first, Some(at_rest)).map_err(StoreOpenError::Storage)
    }

    /// Opens what [`create`](Self::create) made. `storage` gives access to its bytes, and does so
    /// again after a failure.
    ///
    /// # Errors
    /// [`StoreOpenError`]; nothing is made anew in place of what does not open.
    pub fn open<B: StorageBackend>(
        storage: impl Fn() -> Result<B, StoreOpenError> + Send + 'static,
    ) -> Result<Self, StoreOpenError> {
        let reopen: Reopen = Box::new(move || caught(|| Opened::open(storage()?)));
        Ok(Self {
            opened: Ok(reopen()?),
            reopen,
        })
    }

    /// Opens it again if it failed, as a card does that gets power again.
    ///
    /// # Errors
    /// [`StoreOpenError`]; the store refuses everything until this works.
    pub fn recover(&mut self) -> Result<(), StoreOpenError> {
        if self.opened.is_err() {
            self.opened = Ok((self.reopen)()?);
        }
        Ok(())
    }

    /// What protects the store at rest.
    ///
    /// # Errors
    /// [`StoreError`] if the store failed before.
    pub fn at_rest(&self) -> Result<AtRest, StoreError> {
        self.opened
            .as_ref()
            .map(|opened| opened.at_rest)
            .map_err(Clone::clone)
    }

    fn database(&self) -> Result<&Database, StoreError> {
        self.opened
            .as_ref()
            .map(|opened| &opened.database)
            .map_err(Clone::clone)
    }
}

impl Opened {
    fn open(backend: impl StorageBackend) -> Result<Self, StoreOpenError> {
        if backend.len()? == 0 {
            return Err(StoreOpenError::Corrupt("it is empty".to_owned()));
        }
        let mut database = builder().create_with_backend(backend).map_err(open_error)?;
        // Walks every page: what rotted since it was written is found before it is used.
        database.check_integrity().map_err(open_error)?;
        check_format(&database)?;
        Ok(Self {
            at_rest: read_at_rest(&database)?,
            database,
        })
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
        let done = transact(self.database()?, writes, None).map_err(StoreError);
        if let Err(error) = &done {
            // Dropping the database lets go of its lock.
            self.opened = Err(error.clone());
        }
        done
    }
}

/// `redb` panics at some damaged pages. Whatever it was about to do, nothing of it is used.
fn caught<T>(open: impl FnOnce() -> Result<T, StoreOpenError>) -> Result<T, StoreOpenError> {
    catch_unwind(AssertUnwindSafe(open))
        .unwrap_or_else(|_| Err(StoreOpenError::Corrupt("a damaged page".to_owned())))
}

impl From<std::io::Error> for StoreOpenError {
    fn from(error: std::io::Error) -> Self {
        Self::Storage(error.to_string())
    }
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// One durable transaction; with the meta records if the file is new.
fn transact(database: &Database, writes: &Writes, new: Option<AtRest>) -> Result<(), String> {
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

/// What `redb` says of bytes that it cannot use.
fn corrupt(error: &redb::Error) -> StoreOpenError {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    match error {
        redb::Error::Io(error) if !matches!(error.kind(), InvalidData | UnexpectedEof) => {
            StoreOpenError::Storage(error.to_string())
        }
        other => StoreOpenError::Corrupt(other.to_string()),
    }
}

fn open_error(error: DatabaseError) -> StoreOpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreOpenError::InUse,
        other => corrupt(&other.into()),
    }
}

fn store_error(error: impl Into<redb::Error>) -> StoreError {
    StoreError(error.into().to_string())
}
