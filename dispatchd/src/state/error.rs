//! Why the daemon's state cannot be used.

use std::path::PathBuf;

use libetp::Domain;

/// Why the state directory cannot be opened, read or written. None of these changes it.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Files cannot be created, read or written.
    #[error("state directory: {path}: {error}", path = .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Others may read or write it.
    #[error(
        "state directory {path} has mode {mode:04o} and owner {owner}: it must be 0700 and belong \
         to the daemon's user", path = .path.display()
    )]
    Permissions {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Whose it is.
        owner: u32,
    },
    /// Another daemon has it open.
    #[error("state {path} is in use by another daemon; stop that one first", path = .0.display())]
    InUse(PathBuf),
    /// Made by another version of this program.
    #[error("state {path} has format {found}, this program reads {supported}", path = .path.display())]
    Version {
        /// The database.
        path: PathBuf,
        /// What it says.
        found: u64,
        /// What is understood.
        supported: u64,
    },
    /// There was a database, and it is gone.
    #[error(
        "state {path} is missing although this directory was in use: restore it, or remove {marker} \
         if capabilities, witnesses and statements may be forgotten",
        path = .path.display(), marker = .marker.display()
    )]
    Missing {
        /// The database.
        path: PathBuf,
        /// The file that says that there was one.
        marker: PathBuf,
    },
    /// The database is not intact.
    #[error("state {path} is corrupt: {detail}", path = .path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The database was damaged; what could be read was saved, some records may be lost.
    #[error(
        "state {path} was damaged and records may be missing: restore it, or remove {marker} to go \
         on with what is left", path = .path.display(), marker = .marker.display()
    )]
    Damaged {
        /// The database.
        path: PathBuf,
        /// The file that keeps the daemon from starting.
        marker: PathBuf,
    },
    /// A card's key is not the one that was pinned for its domain.
    #[error("domain {0} is pinned to another card key")]
    Pinned(Domain),
}
