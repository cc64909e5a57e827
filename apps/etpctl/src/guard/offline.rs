//! Rule files, cases and captures as they are on disk.

use std::fs::File;
use std::path::{Path, PathBuf};

use guard_policies::Record;
use guard_policies::capture::Reader;
use guard_policies::chain::Chain;
use guard_policies::file::{self, Disk, Names};

use super::Failure;

/// The chain of a rule file.
pub(super) fn chain(rules: &Path) -> Result<Chain, Failure> {
    Ok(file::load(rules, &Disk)?)
}

/// The names of a rule file.
pub(super) fn names(rules: &Path) -> Result<Names, Failure> {
    Ok(file::load_names(rules, &Disk)?)
}

/// A capture.
pub(super) fn capture(path: &Path) -> Result<Reader<File>, Failure> {
    let file = File::open(path).map_err(Failure::file(path))?;
    Reader::new(file).map_err(Failure::capture(path))
}

/// The messages of a capture, at most so many.
pub(super) fn records(path: &PathBuf, max: usize) -> Result<Vec<Record>, Failure> {
    let captured = capture(path)?.take(max);
    let records: Result<Vec<_>, _> = captured.map(|it| it.map(|it| it.record)).collect();
    records.map_err(Failure::capture(path))
}
