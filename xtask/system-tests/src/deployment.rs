//! A scheme and its hosts, in one directory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::binaries::Binaries;
use crate::host::{CardKind, Host};
use crate::program::Failure;

/// The owner's PIN of every card in a deployment.
pub const PIN: &str = "271828";

/// A scheme and its hosts. The directory goes with it, unless it is [kept](Deployment::keep).
#[derive(Debug)]
pub struct Deployment {
    directory: Place,
    binaries: Binaries,
}

#[derive(Debug)]
enum Place {
    Temporary(TempDir),
    Kept(PathBuf),
}

impl Deployment {
    /// Makes a scheme in a fresh directory.
    ///
    /// # Errors
    /// [`Failure`] if the directory or the scheme cannot be made.
    pub fn create(binaries: Binaries) -> Result<Self, Failure> {
        let directory = tempfile::Builder::new().prefix("tenet-").tempdir();
        let directory = directory.map_err(Failure::io("temporary directory"))?;
        let deployment = Self {
            directory: Place::Temporary(directory),
            binaries,
        };
        deployment.make_scheme()?;
        Ok(deployment)
    }

    fn make_scheme(&self) -> Result<(), Failure> {
        let pin = self.pin_file();
        fs::write(&pin, PIN).map_err(Failure::io(pin.display()))?;
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&pin, private).map_err(Failure::io(pin.display()))?;
        let init = self
            .binaries
            .program("etpctl")
            .args(&["scheme", "init"])
            .arg(self.scheme());
        init.args(&["--name", "demonstration"]).run().map(drop)
    }

    /// Where everything is.
    pub fn path(&self) -> &Path {
        match &self.directory {
            Place::Temporary(directory) => directory.path(),
            Place::Kept(path) => path,
        }
    }

    /// The scheme's directory, private keys included.
    pub fn scheme(&self) -> PathBuf {
        self.path().join("scheme")
    }

    /// The public half of the scheme.
    pub fn scheme_file(&self) -> PathBuf {
        self.scheme().join("scheme.toml")
    }

    /// A file with the [`PIN`].
    pub fn pin_file(&self) -> PathBuf {
        self.path().join("pin")
    }

    /// The binaries that it runs.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// Enrols a certificate for a role without a directory of its own kind; its key id.
    ///
    /// # Errors
    /// [`Failure`] if `etpctl` refuses.
    pub fn enrol(&self, role: &str, name: &str) -> Result<String, Failure> {
        let out = self.path().join(name);
        let enrol = self
            .binaries
            .program("etpctl")
            .args(&["scheme", "enrol", role]);
        let enrol = enrol
            .arg("--scheme")
            .arg(self.scheme())
            .arg("--out")
            .arg(out);
        text(&enrol.json()?, "key")
    }

    /// Enrols a host with one soft card, not started yet.
    ///
    /// # Errors
    /// [`Failure`] if `etpctl` refuses.
    pub fn host(&self, name: &str, third_party: &str) -> Result<Host, Failure> {
        Host::enrol(self, name, CardKind::Of(third_party))
    }

    /// Enrols a host whose card is the third party, not started yet.
    ///
    /// # Errors
    /// [`Failure`] if `etpctl` refuses.
    pub fn third_party(&self, name: &str, service: &Path) -> Result<Host, Failure> {
        Host::enrol(self, name, CardKind::ThirdParty(service))
    }

    /// Keeps the directory when this goes away.
    #[must_use]
    pub fn keep(self) -> Self {
        let directory = match self.directory {
            Place::Temporary(directory) => Place::Kept(directory.keep()),
            kept @ Place::Kept(_) => kept,
        };
        Self {
            directory,
            binaries: self.binaries,
        }
    }
}

/// A text field of a JSON document.
///
/// # Errors
/// [`Failure`] if it is not there.
pub fn text(document: &serde_json::Value, field: &str) -> Result<String, Failure> {
    let value = document.get(field).and_then(serde_json::Value::as_str);
    value
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("no field {field} in {document}")))
}
