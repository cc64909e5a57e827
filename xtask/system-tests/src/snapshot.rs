//! The directory of a card, copied and put back while its daemon is stopped.

use std::fs;
use std::path::{Path, PathBuf};

use crate::host::Host;
use crate::program::Failure;

impl Host {
    /// Copies the card's directory to a place where nothing is.
    ///
    /// # Errors
    /// [`Failure`] of the file system.
    pub fn back_up_card(&self, to: &Path) -> Result<(), Failure> {
        copy(&self.card_directory(), to).map_err(Failure::io(to.display()))
    }

    /// Puts a copy in the place of the card's directory, which goes aside. Both are moved.
    ///
    /// # Errors
    /// [`Failure`] of the file system.
    pub fn replace_card(&self, by: &Path, aside: &Path) -> Result<(), Failure> {
        let card = self.card_directory();
        fs::rename(&card, aside).map_err(Failure::io(aside.display()))?;
        fs::rename(by, &card).map_err(Failure::io(by.display()))
    }

    fn card_directory(&self) -> PathBuf {
        self.path().join("card")
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
