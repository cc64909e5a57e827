//! `scheme init`.

use std::fmt::{self, Display};
use std::path::PathBuf;

use etp_pki::scheme::Scheme;
use serde::Serialize;

use super::Failure;
use super::arguments::InitArguments;
use super::report::Hex;

/// The scheme that was made.
#[derive(Debug, Serialize)]
pub(super) struct InitReport {
    name: String,
    /// Key id of the root.
    id: Hex,
    directory: PathBuf,
    scheme_file: PathBuf,
    root_key: PathBuf,
}

pub(super) fn run(arguments: &InitArguments) -> Result<InitReport, Failure> {
    let directory = arguments.directory.clone();
    let scheme = Scheme::create(&directory, &arguments.name)?;
    let id = scheme
        .file()
        .id()
        .map_err(Failure::certificate(&directory))?;
    Ok(InitReport {
        name: arguments.name.clone(),
        id: Hex(id.to_vec()),
        scheme_file: directory.join("scheme.toml"),
        root_key: directory.join("keys").join("root.key"),
        directory,
    })
}

impl Display for InitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "made scheme {} in {}",
            self.name,
            self.directory.display()
        )?;
        writeln!(f, "  id    {}", self.id)?;
        writeln!(
            f,
            "  give  {} to every host of the scheme",
            self.scheme_file.display()
        )?;
        writeln!(
            f,
            "  move  {} to a safe place, offline:",
            self.root_key.display()
        )?;
        writeln!(
            f,
            "        only new intermediates want it, enrolling does not"
        )
    }
}
