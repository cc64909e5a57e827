//! Schemes: makes them, issues certificates in them, reads and checks their files.
//!
//! [`Authority`] decides and signs, in memory, with the time passed in. [`Scheme`] is an authority
//! in a directory:
//!
//! ```text
//! DIR/scheme.toml        public: what every host and card of the scheme is given
//! DIR/keys/root.key      wanted to make or renew intermediates only; keep it elsewhere, offline
//! DIR/keys/<role>.key    signs the leaves of one role; each may live on another machine
//! DIR/issued/*.der       every leaf issued here, so that no key gets a second role
//! ```
//!
//! Private keys are PKCS#8 in files of mode 0600 in directories of mode 0700, written whole or
//! not at all, and wiped from memory after use.

mod authority;
mod build;
mod chain;
mod check;
mod directory;
mod error;
mod file;
mod identity;
mod request;
mod secure;

pub use authority::{Authority, Seeds};
pub use check::{Finding, Named, Problem};
pub use directory::{Scheme, load_leaves, now};
pub use error::SchemeError;
pub use file::{SchemeFile, read_certificates};
pub use identity::Identity;
pub use request::Request;

/// Reads a secret from a file that only its owner may read, such as a PIN; at most 4,096 bytes.
///
/// # Errors
/// [`SchemeError::Permissions`] if others may touch it; [`SchemeError::File`].
pub fn read_secret(path: &std::path::Path) -> Result<zeroize::Zeroizing<Vec<u8>>, SchemeError> {
    secure::read_secret(path)
}

/// Writes a secret to a new file that only its owner may read.
///
/// # Errors
/// [`SchemeError::Exists`] rather than replacing anything; [`SchemeError::File`].
pub fn write_secret(path: &std::path::Path, secret: &[u8]) -> Result<(), SchemeError> {
    match path.exists() {
        true => Err(SchemeError::Exists(path.into())),
        false => secure::create_secret(path, secret),
    }
}

/// A Unix time in seconds as people read it: `2026-01-31T12:00:00Z`.
pub fn utc(unix_s: u64) -> String {
    let since_epoch = std::time::Duration::from_secs(unix_s);
    match x509_cert::der::DateTime::from_unix_duration(since_epoch) {
        Ok(time) => time.to_string(),
        Err(_) => format!("Unix time {unix_s}"),
    }
}

/// Reads a leaf without trusting it: every rule is checked but who signed it.
///
/// # Errors
/// [`CertificateError`](crate::CertificateError) naming the first rule that it breaks.
pub fn inspect(der: &[u8]) -> Result<crate::Leaf, crate::CertificateError> {
    crate::read::read(der).map(|unverified| unverified.leaf)
}

/// How long a leaf is valid in days, unless told otherwise.
pub const LEAF_VALID_DAYS: u32 = 730;
/// How long an intermediate is valid in days.
pub const INTERMEDIATE_VALID_DAYS: u32 = 3_650;
/// How long a root is valid in days.
pub const ROOT_VALID_DAYS: u32 = 7_300;
/// By how many seconds certificates are dated back, for clocks that are behind.
pub const CLOCK_SKEW_S: u64 = 300;
/// Longest name of a scheme in bytes.
pub const SCHEME_NAME_BYTES_MAX: usize = 64;

const DAY_S: u64 = 86_400;
