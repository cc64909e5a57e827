//! Why a scheme command failed.

use std::io;
use std::path::PathBuf;

use command_line::Kind;
use etp_pki::CertificateError;
use etp_pki::scheme::SchemeError;
use softcard::SoftCardError;

/// Why a scheme command failed, in words that say what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The scheme or one of its files.
    #[error(transparent)]
    Scheme(#[from] SchemeError),
    /// A certificate that was given.
    #[error("{path}: {error}")]
    Certificate {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// Neither a key id nor a file.
    #[error("--third-party {0}: neither a key id (64 hexadecimal digits) nor a file")]
    ThirdParty(String),
    /// The two PINs differ.
    #[error("the two PINs differ; nothing was made")]
    PinsDiffer,
    /// Nobody can be asked.
    #[error("no PIN: {0}; without a terminal, use --pin-file")]
    Prompt(io::Error),
    /// The card could not be made.
    #[error("making the card: {0}")]
    Card(#[from] SoftCardError),
    /// Standard output is gone.
    #[error("writing the result: {0}")]
    Output(io::Error),
    /// The check found something.
    #[error("{0} problem(s) found")]
    Findings(usize),
}

impl Failure {
    /// Which exit code.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Certificate { .. } => Kind::Certificate,
            Self::ThirdParty(_) | Self::PinsDiffer => Kind::Usage,
            Self::Scheme(_)
            | Self::Prompt(_)
            | Self::Card(_)
            | Self::Output(_)
            | Self::Findings(_) => Kind::Other,
        }
    }

    /// Names the file of a certificate that breaks a rule.
    pub(super) fn certificate(path: impl Into<PathBuf>) -> impl FnOnce(CertificateError) -> Self {
        let path = path.into();
        move |error| Self::Certificate { path, error }
    }
}
