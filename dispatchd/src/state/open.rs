//! Opening the state directory, or making it when there never was one.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Database, DatabaseError, StorageError};

use super::{State, StateError, Table, capabilities, domains, statements, witness};

/// Version of the tables' formats.
const FORMAT: u64 = 1;

const META: Table = Table::new("meta");
const META_FORMAT: &[u8] = b"format";

const DATABASE: &str = "state.redb";
/// The database while it is being made for the first time.
const NEWBORN: &str = "state.redb.new";
/// Says that there is a database, so that a missing one is noticed.
const MARKER: &str = "in-use";
/// Says that the database was damaged.
const DAMAGED: &str = "damaged";

/// Errors of reading that the file's bytes are to blame for, and not the machine.
const OF_THE_BYTES: [ErrorKind; 2] = [ErrorKind::InvalidData, ErrorKind::UnexpectedEof];

impl State {
    /// Opens the state in a directory, which is made with mode 0700 if there is none.
    ///
    /// # Errors
    /// [`StateError`], naming what is wrong; the directory is then as it was, except that a
    /// damaged database may have been repaired as far as possible.
    pub fn open(directory: &Path) -> Result<Self, StateError> {
        make_private(directory)?;
        let files = Files { directory };
        if files.damaged().exists() {
            return Err(files.damaged_error());
        }
        if !files.database().exists() {
            if files.marker().exists() {
                let (path, marker) = (files.database(), files.marker());
                return Err(StateError::Missing { path, marker });
            }
            files.create()?;
        }
        let state = files.open()?;
        state.check_format()?;
        state.make_tables()?;
        files.mark()?;
        Ok(state)
    }

    /// Makes the tables that are not there: later versions of this program add some.
    fn make_tables(&self) -> Result<(), StateError> {
        self.change(|change| {
            for table in all_tables() {
                change
                    .transaction
                    .open_table(table)
                    .map_err(|e| self.corrupt(e))?;
            }
            Ok(())
        })
    }

    fn check_format(&self) -> Result<(), StateError> {
        match self.read::<u64>(META, META_FORMAT)? {
            Some(FORMAT) => Ok(()),
            Some(found) => {
                let path = self.path.clone();
                Err(StateError::Version {
                    path,
                    found,
                    supported: FORMAT,
                })
            }
            None => Err(self.corrupt("it does not say which format it has")),
        }
    }
}

struct Files<'d> {
    directory: &'d Path,
}

impl Files<'_> {
    fn database(&self) -> PathBuf {
        self.directory.join(DATABASE)
    }

    fn marker(&self) -> PathBuf {
        self.directory.join(MARKER)
    }

    fn damaged(&self) -> PathBuf {
        self.directory.join(DAMAGED)
    }

    fn damaged_error(&self) -> StateError {
        StateError::Damaged {
            path: self.database(),
            marker: self.damaged(),
        }
    }

    /// Makes an empty database under another name, then renames it: there is none or a whole one.
    fn create(&self) -> Result<(), StateError> {
        let newborn = self.directory.join(NEWBORN);
        let _ = std::fs::remove_file(&newborn);
        let file = private_file(&newborn).map_err(at(&newborn))?;
        let database = Database::builder()
            .create_file(file)
            .map_err(|e| self.refuse(e))?;
        let state = State {
            database: Arc::new(database),
            path: newborn.clone(),
        };
        state.make_tables()?;
        state.change(|change| change.put(META, META_FORMAT, &FORMAT))?;
        drop(state);
        std::fs::rename(&newborn, self.database()).map_err(at(&newborn))?;
        self.sync_directory()
    }

    fn open(&self) -> Result<State, StateError> {
        let (database, intact) = self.caught(|| {
            let mut database = Database::open(self.database())?;
            let intact = database.check_integrity()?;
            Ok((database, intact))
        })?;
        if !intact {
            private_file(&self.damaged()).map_err(at(&self.damaged()))?;
            return Err(self.damaged_error());
        }
        Ok(State {
            database: Arc::new(database),
            path: self.database(),
        })
    }

    /// `redb` panics at some damaged pages. Whatever it was about to do, nothing of it is used.
    fn caught<T>(&self, open: impl FnOnce() -> Result<T, DatabaseError>) -> Result<T, StateError> {
        match catch_unwind(AssertUnwindSafe(open)) {
            Ok(opened) => opened.map_err(|error| self.refuse(error)),
            Err(_) => Err(StateError::Corrupt {
                path: self.database(),
                detail: "a damaged page".to_owned(),
            }),
        }
    }

    fn mark(&self) -> Result<(), StateError> {
        let marker = self.marker();
        if marker.exists() {
            return Ok(());
        }
        private_file(&marker).map_err(at(&marker))?;
        self.sync_directory()
    }

    fn sync_directory(&self) -> Result<(), StateError> {
        let sync = File::open(self.directory).and_then(|directory| directory.sync_all());
        sync.map_err(at(self.directory))
    }

    fn refuse(&self, error: DatabaseError) -> StateError {
        let path = self.database();
        match error {
            DatabaseError::DatabaseAlreadyOpen => StateError::InUse(path),
            DatabaseError::Storage(StorageError::Io(error))
                if !OF_THE_BYTES.contains(&error.kind()) =>
            {
                StateError::Io { path, error }
            }
            other => StateError::Corrupt {
                path,
                detail: other.to_string(),
            },
        }
    }
}

fn all_tables() -> Vec<Table> {
    let mut tables = vec![META];
    tables.extend(witness::TABLES);
    tables.extend(domains::TABLES);
    tables.extend(statements::TABLES);
    tables.extend(capabilities::TABLES);
    tables
}

/// Makes the directory, or checks that nobody else can read or write it.
fn make_private(directory: &Path) -> Result<(), StateError> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory);
    made.map_err(at(directory))?;
    let metadata = std::fs::metadata(directory).map_err(at(directory))?;
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    if mode & 0o077 != 0 || owner != nix::unistd::geteuid().as_raw() {
        return Err(StateError::Permissions {
            path: directory.into(),
            mode,
            owner,
        });
    }
    Ok(())
}

/// Makes a file that only its owner may read.
fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    options.open(path)
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> StateError {
    let path = path.to_path_buf();
    move |error| StateError::Io { path, error }
}
