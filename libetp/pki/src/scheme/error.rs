//! What can go wrong with a scheme.

use std::io;
use std::path::PathBuf;

use libetp::digest::Hash;

use crate::error::CertificateError;
use crate::role::Role;
use crate::scheme::SCHEME_NAME_BYTES_MAX;

/// Why something about a scheme was not done.
#[derive(Debug, thiserror::Error)]
pub enum SchemeError {
    /// The name of a scheme is empty, too long or has other characters.
    #[error(
        "a scheme's name is 1 to {SCHEME_NAME_BYTES_MAX} ASCII letters, digits, dots, hyphens or \
         underscores"
    )]
    Name,
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is there already; nothing is overwritten.
    #[error("{0} exists already; move it away first")]
    Exists(PathBuf),
    /// There is no scheme here.
    #[error("{0} is no scheme; make one with `etpctl scheme init`")]
    NoScheme(PathBuf),
    /// Others may read a private key.
    #[error("{path} has mode {mode:04o}; a secret wants `chmod go= {path}`")]
    Permissions {
        /// Which file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file is longer than any of its kind.
    #[error("{path} is longer than {max} bytes")]
    FileTooLong {
        /// Which.
        path: PathBuf,
        /// The limit in bytes.
        max: u64,
    },
    /// The scheme file is not what it should be.
    #[error("{path}: {reason}")]
    SchemeFile {
        /// Which.
        path: PathBuf,
        /// What is wrong, with the line where there is one.
        reason: String,
    },
    /// No certificate in it.
    #[error("{0}: no certificate in PEM or DER")]
    Pem(PathBuf),
    /// Not an Ed25519 private key in PKCS#8.
    #[error("{0}: no Ed25519 private key in PKCS#8, PEM or DER")]
    PrivateKey(PathBuf),
    /// Private key and certificate do not belong together.
    #[error("{key} is not the private key of {certificate}")]
    KeyMismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// The key that signs for a role is not here.
    #[error("the signing key for role {0} is not here; it belongs at keys/{0}.key in the scheme")]
    SigningKeyMissing(Role),
    /// The key that signs for a role is not the pinned one.
    #[error("the signing key for role {0} is not that of the scheme's intermediate")]
    SigningKeyMismatch(Role),
    /// A key has a certificate of another role already.
    #[error("key {} has role {has} already; a key has one role only", hex(.key))]
    KeyInTwoRoles {
        /// The key.
        key: Hash,
        /// What it is certified or used for.
        has: String,
    },
    /// A leaf would be valid for longer than its intermediate.
    #[error("valid for {days} days is longer than the intermediate for role {role} lives")]
    OutlivesIntermediate {
        /// The role.
        role: Role,
        /// What was asked for.
        days: u32,
    },
    /// What was asked for cannot be certified.
    #[error("this cannot be certified: {0}")]
    Certificate(#[from] CertificateError),
    /// The certificate could not be written as DER.
    #[error("encoding a certificate: {0}")]
    Encoding(String),
    /// The operating system gives no random bytes.
    #[error("no random bytes: {0}")]
    Entropy(getrandom::Error),
    /// The clock of this machine is before 1970.
    #[error("the clock of this machine is set before 1970")]
    Clock,
}

impl SchemeError {
    /// Names the file that an error of the operating system is about.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists(path),
            _ => Self::File { path, source },
        }
    }
}

impl From<x509_cert::builder::Error> for SchemeError {
    fn from(error: x509_cert::builder::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

impl From<x509_cert::der::Error> for SchemeError {
    fn from(error: x509_cert::der::Error) -> Self {
        Self::Encoding(error.to_string())
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
