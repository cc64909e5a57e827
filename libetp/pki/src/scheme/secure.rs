//! Files that appear whole or not at all, and private ones that stay private.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::scheme::SchemeError;
use crate::scheme::error::hex;

/// Longest file with certificates or a scheme, in bytes.
pub(super) const PUBLIC_FILE_BYTES_MAX: u64 = 65_536;
/// Longest file with a private key, in bytes.
pub(super) const KEY_FILE_BYTES_MAX: u64 = 4_096;

const MODE_SECRET: u32 = 0o600;
const MODE_PUBLIC: u32 = 0o644;
const MODE_DIRECTORY: u32 = 0o700;
const MODE_OTHERS: u32 = 0o077;

/// Makes a directory that only its owner may enter. One that is there stays as it is.
pub(super) fn make_directory(path: &Path) -> Result<(), SchemeError> {
    DirBuilder::new()
        .recursive(true)
        .mode(MODE_DIRECTORY)
        .create(path)
        .map_err(SchemeError::file(path))
}

/// Writes a file that only its owner may read.
pub(super) fn create_secret(path: &Path, bytes: &[u8]) -> Result<(), SchemeError> {
    create(path, bytes, MODE_SECRET).map_err(SchemeError::file(path))
}

/// Writes a file that anybody may read.
pub(super) fn create_public(path: &Path, bytes: &[u8]) -> Result<(), SchemeError> {
    create(path, bytes, MODE_PUBLIC).map_err(SchemeError::file(path))
}

/// Reads a text of bounded length.
pub(super) fn read_text(path: &Path, max: u64) -> Result<String, SchemeError> {
    let bytes = read(path, max)?;
    String::from_utf8(bytes).map_err(|error| SchemeError::File {
        path: path.into(),
        source: io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()),
    })
}

/// Reads a secret, after checking that only its owner may.
pub(super) fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, SchemeError> {
    check_private(path)?;
    read(path, KEY_FILE_BYTES_MAX).map(Zeroizing::new)
}

/// Whether bytes begin as the DER of a structure does, and as no PEM does.
pub(super) fn is_der(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30)
}

/// Refuses a file or directory that anybody but its owner may touch.
pub(super) fn check_private(path: &Path) -> Result<(), SchemeError> {
    let metadata = fs::metadata(path).map_err(SchemeError::file(path))?;
    let mode = metadata.permissions().mode() & 0o7777;
    match mode & MODE_OTHERS {
        0 => Ok(()),
        _ => Err(SchemeError::Permissions {
            path: path.into(),
            mode,
        }),
    }
}

/// Reads a file of bounded length.
pub(super) fn read(path: &Path, max: u64) -> Result<Vec<u8>, SchemeError> {
    let file = File::open(path).map_err(SchemeError::file(path))?;
    // Room for the whole, so that growing leaves no copies behind.
    let mut bytes = Vec::with_capacity(max as usize + 1);
    file.take(max + 1)
        .read_to_end(&mut bytes)
        .map_err(SchemeError::file(path))?;
    match bytes.len() as u64 > max {
        true => Err(SchemeError::FileTooLong {
            path: path.into(),
            max,
        }),
        false => Ok(bytes),
    }
}

/// Writes beside the place, syncs, then moves in; fails if something is there already.
fn create(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    let temporary = temporary(directory)?;
    let written = write_synced(&temporary, bytes, mode)
        // Unlike a rename, a link never replaces.
        .and_then(|()| fs::hard_link(&temporary, path));
    let removed = fs::remove_file(&temporary);
    written.and(removed)?;
    File::open(directory)?.sync_all()
}

fn write_synced(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn temporary(directory: &Path) -> io::Result<PathBuf> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::from)?;
    Ok(directory.join(format!(".{}.new", hex(&random))))
}
