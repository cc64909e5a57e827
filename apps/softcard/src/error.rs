//! Why a soft card cannot be made or opened.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use oncard_runtime::CardError;
use zeroize::Zeroizing;

use crate::device_key::DEVICE_KEY_BYTES;
use crate::store::StoreOpenError;

/// Why a soft card cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum SoftCardError {
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// What was touched.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A new card wants a directory of its own.
    #[error("{0} is not empty: a new card needs an empty or new directory")]
    NotEmpty(PathBuf),
    /// There is no card here, or not even a directory.
    #[error(
        "{0} holds no card: name another directory, or make a card in it with \
         `etpctl scheme enrol card --out {0}` (docs/operating/dispatchd.md, First start)"
    )]
    NoCard(PathBuf),
    /// A card was being made when power failed. It was never used.
    #[error("{0}: the card was not finished; remove the directory and make it again")]
    Unfinished(PathBuf),
    /// Others may read or write it.
    #[error("{path} has mode {mode:04o}: others must have no access (chmod go= {path})")]
    Permissions {
        /// What.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to another user.
    #[error("{path} belongs to user {uid}, not to the user that runs this")]
    Owner {
        /// What.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// Neither a file nor a directory of the expected kind, such as a symbolic link.
    #[error("{0} is not a plain file")]
    NotPlain(PathBuf),
    /// The state file does not open.
    #[error("{path}: {source}")]
    State {
        /// The state file.
        path: PathBuf,
        /// Why.
        source: StoreOpenError,
    },
    /// The card is protected at rest.
    #[error("the card is protected at rest: name its device key (device_key or --device-key)")]
    DeviceKeyNeeded,
    /// The card is not protected at rest, so that a device key would only seem to protect it.
    #[error("the card was made without a device key and is not protected at rest by one")]
    DeviceKeyUnused,
    /// A key beside what it protects protects nothing.
    #[error("device key {0} lies in the directory that it protects: move it elsewhere")]
    DeviceKeyInside(PathBuf),
    /// Wrong length.
    #[error("device key {path} has {found} bytes, not {DEVICE_KEY_BYTES}")]
    DeviceKeyLength {
        /// The file.
        path: PathBuf,
        /// Its length, or one more than a key's if it is longer.
        found: usize,
    },
    /// The runtime refused what it was given or found.
    #[error(transparent)]
    Card(#[from] CardError),
    /// The system has no randomness.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
}

impl SoftCardError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// Of a directory that is not there: that it holds no card.
    pub(crate) fn or_no_card(self) -> Self {
        match self {
            Self::Io { path, source } if source.kind() == ErrorKind::NotFound => Self::NoCard(path),
            error => error,
        }
    }

    /// An error of the state file, or what was found wrong with it before it was opened.
    pub(crate) fn state(path: &Path, source: StoreOpenError) -> Self {
        match source {
            StoreOpenError::File(error) => *error,
            source => Self::State {
                path: path.to_owned(),
                source,
            },
        }
    }
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, SoftCardError> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(&mut bytes[..]).map_err(SoftCardError::Random)?;
    Ok(bytes)
}
