//! A durable capability between runs of its program.
//!
//! Each resume replaces the secret. The daemon accepts the old one until the first frame under
//! the new one, and takes the use of a spent one for theft. So the order is: resume, store old
//! and new, speak, store the new one alone. After a crash at any point the newest stored secret
//! is tried first; only if the daemon never issued it, the one before it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::capability::Capability;
use super::connection::Connection;
use super::error::{ClientError, SavedError};
use super::socket::Socket;
use super::text::hex;
use crate::frame::body::{Acquired, RequestError};
use crate::id::{Domain, EntityId, parse_hex};

/// Largest file of a saved capability in bytes.
const FILE_BYTES_MAX: u64 = 4_096;

/// A durable id and what proves that it is ours.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SavedCapability {
    #[zeroize(skip)]
    id: EntityId,
    secret: [u8; 32],
    /// The secret before, until something was said under the new one.
    previous: Option<[u8; 32]>,
}

impl SavedCapability {
    /// From an id and its secret.
    pub fn new(id: EntityId, secret: [u8; 32]) -> Self {
        Self {
            id,
            secret,
            previous: None,
        }
    }

    /// Whose capability this is.
    pub fn id(&self) -> EntityId {
        self.id
    }

    /// The secret for the next resume.
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// With the secret of a resume; the one before is kept until [`SavedCapability::confirmed`].
    #[must_use]
    pub fn rotated(&self, secret: [u8; 32]) -> Self {
        Self {
            id: self.id,
            secret,
            previous: Some(self.secret),
        }
    }

    /// With the newest secret alone.
    #[must_use]
    pub fn confirmed(&self) -> Self {
        Self::new(self.id, self.secret)
    }

    /// With the secret before the newest, if it may still be the valid one.
    pub fn fallback(&self) -> Option<Self> {
        self.previous.map(|secret| Self::new(self.id, secret))
    }
}

impl std::fmt::Debug for SavedCapability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SavedCapability({}, ..)", self.id)
    }
}

/// How a saved capability is written: text, so that any format of serde will do.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    id: String,
    secret: String,
    previous: Option<String>,
}

impl Drop for Form {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.previous.zeroize();
    }
}

impl Serialize for SavedCapability {
    fn serialize<T: serde::Serializer>(&self, to: T) -> Result<T::Ok, T::Error> {
        let form = Form {
            id: self.id.to_string(),
            secret: hex(&self.secret),
            previous: self.previous.as_ref().map(|secret| hex(secret)),
        };
        form.serialize(to)
    }
}

impl<'d> Deserialize<'d> for SavedCapability {
    fn deserialize<T: serde::Deserializer<'d>>(from: T) -> Result<Self, T::Error> {
        let form = Form::deserialize(from)?;
        let read = |text: &str| parse_hex(text).ok_or_else(|| custom("a secret is 64 hex digits"));
        Ok(Self {
            id: form.id.parse().map_err(serde::de::Error::custom)?,
            secret: read(&form.secret)?,
            previous: form.previous.as_deref().map(read).transpose()?,
        })
    }
}

fn custom<E: serde::de::Error>(text: &str) -> E {
    E::custom(text)
}

/// Where a saved capability lies: one file, mode 600, replaced atomically.
#[derive(Clone, Debug)]
pub struct CapabilityFile {
    path: PathBuf,
}

impl CapabilityFile {
    /// The file need not exist yet; its directory must.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// What is stored, if anything.
    ///
    /// # Errors
    /// [`SavedError`] if the file cannot be read, is open to others, or is no capability.
    pub fn load(&self) -> Result<Option<SavedCapability>, SavedError> {
        let mut file = match open_no_follow(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.io(error)),
        };
        let mode = file.metadata().map_err(|error| self.io(error))?.mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = self.path.clone();
            return Err(SavedError::Mode { path, mode });
        }
        let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize));
        let mut limited = (&mut file).take(FILE_BYTES_MAX);
        limited
            .read_to_end(&mut bytes)
            .map_err(|error| self.io(error))?;
        let path = self.path.clone();
        let saved = ciborium::from_reader(bytes.as_slice());
        saved.map(Some).map_err(|_| SavedError::Format { path })
    }

    /// Replaces what is stored; durable when it returns, and either old or new after a crash.
    ///
    /// # Errors
    /// [`SavedError::Io`]; the old contents stay.
    pub fn store(&self, saved: &SavedCapability) -> Result<(), SavedError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(FILE_BYTES_MAX as usize));
        let written = ciborium::into_writer(saved, &mut *bytes);
        written.map_err(|error| self.io(io::Error::other(error.to_string())))?;
        replace_file(&self.path, &bytes).map_err(|error| self.io(error))
    }

    /// Forgets what is stored.
    ///
    /// # Errors
    /// [`SavedError::Io`].
    pub fn remove(&self) -> Result<(), SavedError> {
        fs::remove_file(&self.path).map_err(|error| self.io(error))
    }

    /// Acquires a durable id and stores it. An id that is stored already is overwritten.
    ///
    /// # Errors
    /// As [`Connection::acquire`], and [`ClientError::Saved`].
    pub async fn acquire<S: Socket>(
        &self,
        connection: Connection<S>,
        domain: Option<Domain>,
    ) -> Result<Capability<S>, ClientError> {
        let capability = connection.acquire(domain, true).await?;
        if let Some(saved) = capability.saved() {
            self.store(saved)?;
        }
        Ok(capability)
    }

    /// Takes the stored id up again and stores each new secret in time; `None` if no id is stored.
    /// Whatever crashes, the next call finds a secret that the daemon accepts.
    ///
    /// # Errors
    /// As [`Connection::resume`], and [`ClientError::Saved`].
    pub async fn resume<S: Socket>(
        &self,
        mut connection: Connection<S>,
    ) -> Result<Option<Capability<S>>, ClientError> {
        let Some(saved) = self.load()? else {
            return Ok(None);
        };
        let (acquired, used) = resume_newest(&mut connection, saved).await?;
        let mut capability = Capability::new(connection.link, acquired, Some(&used));
        let Some(rotated) = capability.saved().cloned() else {
            return Ok(Some(capability));
        };
        self.store(&rotated)?;
        capability.confirm().await?;
        self.store(&rotated.confirmed())?;
        Ok(Some(capability))
    }
}

impl CapabilityFile {
    fn io(&self, error: io::Error) -> SavedError {
        let path = self.path.clone();
        SavedError::Io { path, error }
    }
}

/// Tries the newest secret and, if the daemon does not know it, the one before.
async fn resume_newest<S: Socket>(
    connection: &mut Connection<S>,
    saved: SavedCapability,
) -> Result<(Acquired, SavedCapability), ClientError> {
    let refused = match connection.try_resume(&saved).await {
        Ok(acquired) => return Ok((acquired, saved)),
        Err(error) => error,
    };
    match saved.fallback() {
        Some(fallback) if refused.reason() == Some(RequestError::BadSecret) => {
            let acquired = connection.try_resume(&fallback).await?;
            Ok((acquired, fallback))
        }
        _ => Err(refused),
    }
}

fn open_no_follow(path: &Path) -> io::Result<File> {
    let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_CLOEXEC;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path)
}

/// Writes a file of mode 600 beside `path` and renames it there; durable when it returns.
///
/// # Errors
/// As the file system; `path` is unchanged then.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path)?;
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    directory_of(path).and_then(File::open)?.sync_all()
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut new = std::ffi::OsString::from(".");
    new.push(name);
    new.push(".new");
    Ok(path.with_file_name(new))
}

fn directory_of(path: &Path) -> io::Result<PathBuf> {
    let parent = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    match parent.as_os_str().is_empty() {
        true => Ok(PathBuf::from(".")),
        false => Ok(parent.to_path_buf()),
    }
}
