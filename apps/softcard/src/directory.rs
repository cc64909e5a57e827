//! Files and directories that hold secrets: whose they are, and who else may touch them.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use nix::unistd::Uid;

use crate::error::SoftCardError;

/// Permission bits of group and others.
const OTHERS: u32 = 0o077;
/// The user that may own anybody's files.
const ROOT: u32 = 0;

/// Makes a directory for its owner alone, or takes an empty one.
pub(crate) fn make_empty(path: &Path) -> Result<(), SoftCardError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(SoftCardError::io(path)(error));
        }
        Err(_) => check_directory(path)?,
    }
    let mut entries = path.read_dir().map_err(SoftCardError::io(path))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(SoftCardError::NotEmpty(path.to_owned())),
    }
}

/// Checks that nobody else can get at what is in a directory.
pub(crate) fn check_directory(path: &Path) -> Result<(), SoftCardError> {
    let metadata = path.metadata().map_err(SoftCardError::io(path))?;
    match metadata.is_dir() {
        true => check_private(path, &metadata),
        false => Err(SoftCardError::NotPlain(path.to_owned())),
    }
}

/// A new file for its owner alone.
pub(crate) fn create_private(path: &Path) -> Result<File, SoftCardError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(SoftCardError::io(path))
}

/// A file that only its owner can touch, and that is no symbolic link.
pub(crate) fn open_private(path: &Path, write: bool) -> Result<File, SoftCardError> {
    let file = OpenOptions::new()
        .read(true)
        .write(write)
        .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
        .open(path)
        .map_err(|error| match error.raw_os_error() {
            Some(code) if code == nix::errno::Errno::ELOOP as i32 => {
                SoftCardError::NotPlain(path.to_owned())
            }
            _ => SoftCardError::io(path)(error),
        })?;
    let metadata = file.metadata().map_err(SoftCardError::io(path))?;
    match metadata.is_file() {
        true => check_private(path, &metadata).map(|()| file),
        false => Err(SoftCardError::NotPlain(path.to_owned())),
    }
}

/// Makes names in a directory survive power loss.
pub(crate) fn sync(path: &Path) -> Result<(), SoftCardError> {
    let directory = File::open(path).map_err(SoftCardError::io(path))?;
    directory.sync_all().map_err(SoftCardError::io(path))
}

fn check_private(path: &Path, metadata: &Metadata) -> Result<(), SoftCardError> {
    let (uid, mode) = (metadata.uid(), metadata.mode() & 0o7777);
    if uid != ROOT && uid != Uid::effective().as_raw() {
        return Err(SoftCardError::Owner {
            path: path.to_owned(),
            uid,
        });
    }
    if mode & OTHERS != 0 {
        return Err(SoftCardError::Permissions {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}
