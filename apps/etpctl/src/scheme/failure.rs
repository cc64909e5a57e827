//! Why a scheme command failed.

use std::io;
use std::path::PathBuf;

use command_line::{Kind, OutputError, counted};
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
    /// The result was not written.
    #[error("{0}")]
    Output(#[from] OutputError),
    /// The check found something.
    #[error("{} found", counted(*.0 as u64, "problem", "problems"))]
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

    /// Whether nobody reads the result, so that nobody is told either.
    pub(crate) fn is_unheard(&self) -> bool {
        matches!(self, Self::Output(error) if error.is_closed())
    }

    /// Names the file of a certificate that breaks a rule.
    pub(super) fn certificate(path: impl Into<PathBuf>) -> impl FnOnce(CertificateError) -> Self {
        let path = path.into();
        move |error| Self::Certificate { path, error }
    }
}
