//! A new crate on disk.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::Files;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}", path = .path.display())]
pub struct WriteError {
    /// The file, or the directory that it was to be in.
    pub path: PathBuf,
    /// What the system says.
    pub error: io::Error,
}

/// Writes files below a directory, and makes the directories that they need.
///
/// # Errors
/// [`WriteError`] of the first file that cannot be written.
pub fn write(directory: &Path, files: &Files) -> Result<(), WriteError> {
    for (path, text) in files {
        let path = directory.join(path);
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent).map_err(of(parent))?;
        fs::write(&path, text).map_err(of(&path))?;
    }
    Ok(())
}

fn of(path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    move |error| WriteError {
        path: path.to_owned(),
        error,
    }
}
