//! The PUK of a new card: what sets a new PIN when the old one is blocked or forgotten.

use std::io;
use std::path::{Path, PathBuf};

use etp_pki::scheme::{SchemeError, write_secret};
use serde::{Serialize, Serializer};
use softcard::new_puk;
use zeroize::Zeroizing;

use super::Failure;
use super::arguments::CardArguments;

/// A PUK, and where its owner finds it.
pub(super) enum Puk {
    /// The card has none.
    None,
    /// Shown once, with the result.
    Shown(Zeroizing<Vec<u8>>),
    /// Written to a file and not shown.
    Filed(PathBuf, Zeroizing<Vec<u8>>),
}

impl std::fmt::Debug for Puk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Puk(..)")
    }
}

impl Puk {
    pub(super) fn of(arguments: &CardArguments) -> Result<Self, Failure> {
        if arguments.no_puk {
            return Ok(Self::None);
        }
        let puk = new_puk()?;
        match &arguments.puk_file {
            None => Ok(Self::Shown(puk)),
            Some(path) if path.exists() => Err(SchemeError::Exists(path.clone()).into()),
            Some(path) => Ok(Self::Filed(path.clone(), puk)),
        }
    }

    /// For the card.
    pub(super) fn secret(&self) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::None => None,
            Self::Shown(puk) | Self::Filed(_, puk) => Some(puk.clone()),
        }
    }

    /// Writes the file, if there is to be one: before the card is made, so that no card has a PUK
    /// that nobody knows.
    pub(super) fn file(&self) -> Result<(), Failure> {
        match self {
            Self::Filed(path, puk) => Ok(write_secret(path, puk)?),
            Self::None | Self::Shown(_) => Ok(()),
        }
    }

    /// Takes the file back: there is no card.
    pub(super) fn withdraw(&self) {
        if let Self::Filed(path, _) = self
            && let Err(error) = remove(path)
        {
            eprintln!("etpctl: {}: {error}; it belongs to no card", path.display());
        }
    }

    /// In groups of four, as people read it.
    pub(super) fn grouped(&self) -> Option<String> {
        let Self::Shown(puk) = self else {
            return None;
        };
        let groups: Vec<_> = puk.chunks(4).map(String::from_utf8_lossy).collect();
        Some(groups.join(" "))
    }
}

fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

impl Serialize for Puk {
    /// The digits if they are shown.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Shown(puk) => serializer.collect_str(&String::from_utf8_lossy(puk)),
            Self::None | Self::Filed(..) => serializer.serialize_none(),
        }
    }
}
