//! Why a command about Guard failed.

use std::io;
use std::path::PathBuf;

use command_line::{Kind, counted};
use config_error::ConfigError;
use crate_template::WriteError;
use guard_policies::capture::CaptureError;
use libetp::client::ClientError;
use libetp::client::text::shown;

use crate::control;

/// Why a command about Guard failed; each has its exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// As of every command to the daemon.
    #[error("{0}")]
    Control(#[from] control::Failure),
    /// The daemon did not do it.
    #[error("{}", lines(.0))]
    NotDone(String),
    /// The chain that was asked about is no longer there.
    #[error("the chain was replaced in the meantime; ask again")]
    Replaced,
    /// A rule file or a case file.
    #[error("{0}")]
    Rules(#[from] ConfigError),
    /// A capture.
    #[error("{path}: {error}")]
    Capture {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        error: CaptureError,
    },
    /// A file that is to be made or read.
    #[error("{path}: {error}")]
    File {
        /// Its path.
        path: PathBuf,
        /// What is wrong.
        error: io::Error,
    },
    /// Signals cannot be waited for.
    #[error("waiting for signals: {0}")]
    Signals(io::Error),
    /// A name that cannot be used.
    #[error("{0}")]
    Name(String),
    /// A capture without messages.
    #[error("{0} holds no messages")]
    NoMessages(PathBuf),
    /// Cases that did not end as expected.
    #[error("{failed} of {} failed", counted(*all as u64, "case", "cases"))]
    Cases {
        /// So many.
        failed: usize,
        /// Of so many.
        all: usize,
    },
    /// Messages that are judged differently.
    #[error("{changed} of {} judged differently", counted(*all, "message is", "messages are"))]
    Changed {
        /// So many.
        changed: u64,
        /// Of so many.
        all: u64,
    },
}

impl Failure {
    /// Which exit code.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Control(failure) => failure.kind(),
            Self::Name(_) => Kind::Usage,
            Self::NotDone(_)
            | Self::Replaced
            | Self::Rules(_)
            | Self::Capture { .. }
            | Self::File { .. }
            | Self::Signals(_)
            | Self::NoMessages(_)
            | Self::Cases { .. }
            | Self::Changed { .. } => Kind::Other,
        }
    }

    /// Whether nobody reads the result, so that nobody is told either.
    pub(crate) fn is_unheard(&self) -> bool {
        matches!(self, Self::Control(failure) if failure.is_unheard())
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Control(failure) => failure.hint(),
            Self::File { error, .. } if error.kind() == io::ErrorKind::AlreadyExists => {
                Some("it is not overwritten: remove it, or name another")
            }
            _ => None,
        }
    }

    /// Whether the result that was printed says what was found.
    pub(crate) fn is_finding(&self) -> bool {
        matches!(self, Self::Cases { .. } | Self::Changed { .. })
    }

    /// Names the file of an error.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |error| Self::File { path, error }
    }

    /// Names the file of a capture.
    pub(super) fn capture(path: impl Into<PathBuf>) -> impl FnOnce(CaptureError) -> Self {
        let path = path.into();
        |error| Self::Capture { path, error }
    }
}

impl From<WriteError> for Failure {
    fn from(WriteError { path, error }: WriteError) -> Self {
        Self::File { path, error }
    }
}

/// Words of the daemon: what is wrong, and what to do about it in a line of its own.
fn lines(words: &str) -> String {
    let lines: Vec<String> = words.lines().map(shown).collect();
    lines.join("\n")
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Control(error.into())
    }
}
