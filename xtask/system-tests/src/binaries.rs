//! Where the binaries under test are.

use std::path::{Path, PathBuf};

use crate::program::{Failure, Program};

/// The directory with the binaries under test.
#[derive(Clone, Debug)]
pub struct Binaries {
    directory: PathBuf,
}

impl Binaries {
    /// Those in a directory.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// Those built beside the running test.
    ///
    /// # Errors
    /// [`Failure`] if they are not there.
    pub fn beside_this_program() -> Result<Self, Failure> {
        let here = std::env::current_exe().map_err(Failure::io("current executable"))?;
        let candidates = here.ancestors().skip(1).take(2);
        let directory = candidates
            .map(Path::to_path_buf)
            .find(|d| d.join("dispatchd").exists());
        let missing = "dispatchd is not built; run `cargo build` or `cargo xtask test` first";
        directory
            .map(Self::in_directory)
            .ok_or_else(|| Failure::new(missing))
    }

    /// A program of that name.
    pub fn program(&self, name: &str) -> Program {
        Program::new(self.directory.join(name))
    }
}
