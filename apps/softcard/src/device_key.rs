//! The device key: what a thief of the state directory lacks.

use std::fmt;
use std::io::{Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::directory::{create_private, open_private, sync};
use crate::error::{SoftCardError, random};

/// Bytes of a device key, and of its file.
pub const DEVICE_KEY_BYTES: usize = 32;

/// What protects a card's directory when it is stolen or copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtRest {
    /// Nothing: whoever reads the directory has the keys, and may try PINs.
    None,
    /// A device key outside the directory.
    DeviceKey,
}

impl AtRest {
    /// The name used in output and in the state file.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::DeviceKey => "device-key",
        }
    }

    pub(crate) fn by_name(name: &[u8]) -> Option<Self> {
        [Self::None, Self::DeviceKey]
            .into_iter()
            .find(|mode| mode.name().as_bytes() == name)
    }
}

impl fmt::Display for AtRest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A device key in memory. Erased when dropped, and never printed.
#[derive(Clone)]
pub struct DeviceKey(pub(crate) Zeroizing<[u8; DEVICE_KEY_BYTES]>);

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey")
    }
}

impl DeviceKey {
    /// Reads the key of the card in `card_directory` from a file of exactly
    /// [`DEVICE_KEY_BYTES`] bytes: a systemd credential, or any file that only its owner may
    /// touch and that lies outside the directory.
    ///
    /// # Errors
    /// [`SoftCardError`] naming what is wrong with the file or its place.
    pub fn load(path: &Path, card_directory: &Path) -> Result<Self, SoftCardError> {
        check_outside(path, card_directory)?;
        let mut bytes = Zeroizing::new([0; DEVICE_KEY_BYTES + 1]);
        let mut found = 0;
        let mut file = open_private(path, false)?;
        loop {
            match file
                .read(&mut bytes[found..])
                .map_err(SoftCardError::io(path))?
            {
                0 => break,
                more => found += more,
            }
        }
        if found != DEVICE_KEY_BYTES {
            return Err(SoftCardError::DeviceKeyLength {
                path: path.to_owned(),
                found,
            });
        }
        let mut key = Zeroizing::new([0; DEVICE_KEY_BYTES]);
        key.copy_from_slice(&bytes[..DEVICE_KEY_BYTES]);
        Ok(Self(key))
    }

    /// Makes a new random key and keeps it in a new file, for its owner alone.
    ///
    /// # Errors
    /// As [`load`](Self::load); an existing file is left as it is and is an error.
    pub fn create(path: &Path, card_directory: &Path) -> Result<Self, SoftCardError> {
        check_outside(path, card_directory)?;
        let key = Self(random()?);
        let mut file = create_private(path)?;
        file.write_all(&key.0[..])
            .and_then(|()| file.sync_all())
            .map_err(SoftCardError::io(path))?;
        sync(parent(path))?;
        Ok(key)
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Compares real paths, so that neither `..` nor a symbolic link leads back inside.
fn check_outside(path: &Path, card_directory: &Path) -> Result<(), SoftCardError> {
    let place = parent(path);
    let place = place.canonicalize().map_err(SoftCardError::io(place))?;
    match card_directory.canonicalize() {
        Ok(inside) if place.starts_with(&inside) => {
            Err(SoftCardError::DeviceKeyInside(path.to_owned()))
        }
        // A directory that does not exist yet holds no key.
        _ => Ok(()),
    }
}
