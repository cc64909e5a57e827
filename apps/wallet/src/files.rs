//! Files that commands read and write for others.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use libetp::limits::MESSAGE_BYTES_MAX;

use crate::program::{Failure, Kind};

/// Reads a file that is no longer than a message.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(path, &error))?;
    let mut limited = file.take(MESSAGE_BYTES_MAX as u64 + 1);
    limited
        .read_to_end(&mut bytes)
        .map_err(|error| failed(path, &error))?;
    match bytes.len() > MESSAGE_BYTES_MAX {
        true => Err(Failure::new(
            Kind::Usage,
            format!("{} is too long", path.display()),
        )),
        false => Ok(bytes),
    }
}

/// Writes a new file, for its owner alone, or replaces one.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut open = OpenOptions::new();
    open.write(true).create(true).truncate(true).mode(0o600);
    let file = open.open(path).and_then(|mut file| file.write_all(bytes));
    file.map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Kind::Usage, format!("{}: {error}", path.display()))
}
