//! The program's directory: mode 700, one process at a time, files replaced atomically.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::marker::PhantomData;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use libetp::client::blocking::CapabilityFile;
use libetp::client::replace_file;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Failure, Kind, Program};

/// Largest file that is read back, in bytes.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The version of the files that are written. Files without a version are of version 1.
const VERSION: u64 = 1;

/// A file's version, as it is written into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Default for Version {
    fn default() -> Self {
        Self(VERSION)
    }
}

/// What every version of a file can be asked first.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    version: Version,
}

/// An open and locked home.
pub struct Home<P> {
    directory: PathBuf,
    _lock: File,
    _program: PhantomData<P>,
}

impl<P: Program> Home<P> {
    /// Opens the home, making it if it is not there.
    pub fn create(directory: Option<&Path>) -> Result<Self, Failure<P>> {
        let directory = locate(directory)?;
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder
            .create(&directory)
            .map_err(|error| unusable(&directory, &error))?;
        Self::open_at(directory)
    }

    /// Opens a home that is there.
    pub fn open(directory: Option<&Path>) -> Result<Self, Failure<P>> {
        let directory = locate(directory)?;
        match directory.is_dir() {
            true => Self::open_at(directory),
            false => Err(not_initialised(&directory)),
        }
    }

    fn open_at(directory: PathBuf) -> Result<Self, Failure<P>> {
        let failed = |error: io::Error| unusable(&directory, &error);
        let mode = fs::metadata(&directory).map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            let shown = directory.display();
            let text = format!("{shown} is open to other users (mode {mode:o})");
            return Err(Failure::new(Kind::Home, text).hint(format!("run: chmod 700 {shown}")));
        }
        let lock = lock(&directory)?;
        Ok(Self {
            directory,
            _lock: lock,
            _program: PhantomData,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.directory
    }

    /// Where a file of it is.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Where the secret of the durable id is.
    pub fn capability(&self) -> CapabilityFile {
        CapabilityFile::new(self.file("capability"))
    }

    /// Reads a file; `None` if it is not there.
    pub fn load<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure<P>> {
        let path = self.file(name);
        let length = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(&path, &error)),
        };
        if length > FILE_BYTES_MAX {
            return Err(damaged(
                &path,
                &format!("longer than {FILE_BYTES_MAX} bytes"),
            ));
        }
        let bytes = fs::read(&path).map_err(|error| unusable(&path, &error))?;
        if let Ok(Head { version }) = serde_json::from_slice(&bytes)
            && version != Version::default()
        {
            return Err(of_another_version(&path, version));
        }
        let value = serde_json::from_slice(&bytes);
        value
            .map(Some)
            .map_err(|error| damaged(&path, &error.to_string()))
    }

    /// Replaces a file.
    pub fn store(&self, name: &str, value: &impl Serialize) -> Result<(), Failure<P>> {
        let path = self.file(name);
        let bytes = serde_json::to_vec_pretty(value);
        let bytes = bytes.map_err(|error| damaged(&path, &error.to_string()))?;
        replace_file(&path, &bytes).map_err(|error| unusable(&path, &error))
    }

    /// The failure of a home in which nothing is.
    pub fn not_initialised(&self) -> Failure<P> {
        not_initialised(&self.directory)
    }
}

fn locate<P: Program>(directory: Option<&Path>) -> Result<PathBuf, Failure<P>> {
    if let Some(directory) = directory {
        return Ok(directory.into());
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let data = variable("XDG_DATA_HOME").map(PathBuf::from);
    let home = || variable("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let data = data.filter(|path| path.is_absolute()).or_else(home);
    let home = data.map(|data| data.join("tenet").join(P::NAME));
    home.ok_or_else(|| {
        Failure::new(Kind::Home, format!("no place for the home of {}", P::NAME))
            .hint(format!("give one with --home or {}", P::HOME_VARIABLE))
    })
}

fn lock<P: Program>(directory: &Path) -> Result<File, Failure<P>> {
    let path = directory.join("lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options
        .open(&path)
        .map_err(|error| unusable(&path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            let (name, shown) = (P::NAME, directory.display());
            let text = format!("another {name} process uses {shown}");
            Err(Failure::new(Kind::Home, text).hint("wait for it, or end it"))
        }
        Err(fs::TryLockError::Error(error)) => Err(unusable(&path, &error)),
    }
}

fn unusable<P: Program>(path: &Path, error: &io::Error) -> Failure<P> {
    Failure::new(Kind::Home, format!("{}: {error}", path.display()))
        .hint("look at its owner and the free space")
}

fn damaged<P: Program>(path: &Path, why: &str) -> Failure<P> {
    Failure::new(Kind::Home, format!("{} is damaged: {why}", path.display()))
        .hint(format!("restore it from a backup; {}", P::WITHOUT_HOME))
}

fn of_another_version<P: Program>(path: &Path, found: Version) -> Failure<P> {
    let (path, found) = (path.display(), found.0);
    let name = P::NAME;
    let text = format!("{path} has version {found}, this {name} reads {VERSION}");
    let hint = format!(
        "use the {name} that wrote it; nothing was changed, and {}",
        P::WITHOUT_HOME
    );
    Failure::new(Kind::Home, text).hint(hint)
}

fn not_initialised<P: Program>(directory: &Path) -> Failure<P> {
    let (name, shown) = (P::NAME, directory.display());
    Failure::new(Kind::Home, format!("there is no {name} in {shown}")).hint(format!(
        "run: {name} init --scheme scheme.toml [--socket SOCKET]"
    ))
}
