//! A card in a reader.

use std::path::{Path, PathBuf};

use super::Slot;
use crate::binaries::Binaries;
use crate::kept::Kept;
use crate::program::{Failure, Program};

/// A card that is in a reader while its process, `softcard vpcd`, runs.
#[derive(Debug)]
pub struct VirtualCard {
    binaries: Binaries,
    directory: PathBuf,
    slot: Slot,
    options: Vec<String>,
    process: Kept,
}

impl VirtualCard {
    /// The card of a directory, for that reader. `options` are more words for `softcard vpcd`.
    pub fn new(binaries: &Binaries, directory: PathBuf, slot: &Slot, options: &[&str]) -> Self {
        let log = directory.with_extension("log");
        Self {
            binaries: binaries.clone(),
            directory,
            slot: slot.clone(),
            options: options.iter().map(ToString::to_string).collect(),
            process: Kept::new("softcard vpcd", log),
        }
    }

    /// Puts it into the reader, if it is not there, and waits for nothing.
    ///
    /// # Errors
    /// [`Failure`] if there is no such program.
    pub fn insert(&mut self) -> Result<(), Failure> {
        let program = self.binaries.program("softcard").arg("vpcd");
        let program = program.arg(&self.directory).arg(self.slot.address());
        let program = self.options.iter().fold(program, Program::arg);
        self.process.launch(|| program)
    }

    /// Pulls it: `kill -9`. It is not in the reader any more when this returns, which the reader sees at its next look.
    pub fn pull(&mut self) {
        self.process.kill();
    }

    /// Sends its process a signal: `STOP` mutes the card, `CONT` lets it go on.
    ///
    /// # Errors
    /// [`Failure`] if it is not in the reader.
    pub fn signal(&self, signal: &str) -> Result<(), Failure> {
        self.process.signal(signal)
    }

    pub(crate) fn log(&self) -> &Path {
        self.process.log()
    }

    /// # Errors
    /// [`Failure`] if its process was started and ended by itself.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        self.process.check()
    }
}
