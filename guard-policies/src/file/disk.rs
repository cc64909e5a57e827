//! Files of the file system.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Files;

/// Files as they are, whoever can change them: for trying rules, not for a daemon.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn allows_experiments(&self) -> bool {
        true
    }

    fn read(&self, path: &Path, bytes_max: usize) -> io::Result<Vec<u8>> {
        read_bounded(File::open(path)?, bytes_max)
    }
}

/// Reads the whole of something that may not be longer than so many bytes.
///
/// # Errors
///
/// As of reading, and if it is longer.
pub fn read_bounded(from: impl Read, bytes_max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let more = bytes_max as u64 + 1;
    from.take(more).read_to_end(&mut bytes)?;
    match bytes.len() > bytes_max {
        true => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("longer than {bytes_max} bytes"),
        )),
        false => Ok(bytes),
    }
}
