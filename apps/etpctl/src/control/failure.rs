//! Why a command to the daemon failed.

use std::io;

use libetp::client::ClientError;
use libetp::client::aliases::AliasError;
use libetp::frame::body::RequestError;
use libetp::verdict::VerdictCode;

/// Why a command to the daemon failed; each has its exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The library's error.
    #[error("{0}")]
    Client(#[from] ClientError),
    /// A name that means nobody, or the file of names.
    #[error("{0}")]
    Alias(#[from] AliasError),
    /// Answers stayed out.
    #[error("{lost} of {sent} pings were not answered")]
    Lost {
        /// How many were sent.
        sent: u32,
        /// How many were not answered.
        lost: u32,
    },
    /// The daemon answered another question.
    #[error("the daemon gave an answer to another question; is it of another version?")]
    OtherAnswer,
    /// Standard output is gone.
    #[error("writing the result: {0}")]
    Output(io::Error),
}

impl Failure {
    /// As `--help` lists them.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Client(error) => client_code(error),
            Self::Alias(_) => 2,
            Self::Lost { .. } => 6,
            Self::OtherAnswer | Self::Output(_) => 1,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Client(error) => hint(error),
            Self::Lost { .. } => Some(
                "a card and port 4294967040 of its host answer pings; a program only if it runs \
                 and wants to",
            ),
            _ => None,
        }
    }

    /// Its name in the JSON output.
    pub(crate) fn name(&self) -> &'static str {
        match self.exit_code() {
            2 => "usage",
            3 => "daemon",
            4 => "forbidden",
            5 => "undelivered",
            6 => "timeout",
            _ => "other",
        }
    }
}

fn client_code(error: &ClientError) -> u8 {
    match error {
        _ if error.reason() == Some(RequestError::Forbidden) => 4,
        ClientError::Undelivered(_) => 5,
        ClientError::Timeout(_) | ClientError::NoAnswer => 6,
        _ => 3,
    }
}

fn hint(error: &ClientError) -> Option<&'static str> {
    let hint = match error {
        ClientError::Connect { .. } => "is dispatchd running? Name its socket with --socket",
        ClientError::Untrusted { .. } => {
            "if you know that user to run your daemon, add --daemon-uid UID"
        }
        ClientError::Undelivered(told) => match told.verdict.code {
            VerdictCode::UnknownDestination => "see `etpctl ids` and `etpctl routes`",
            VerdictCode::HostUnreachable => "see the links in `etpctl status`",
            _ => "see `etpctl status`",
        },
        _ => match error.reason()? {
            RequestError::Forbidden => "only root, the daemon's user and [admin] uids may ask this",
            RequestError::NoSuchCard => "name a card of `etpctl cards` with --domain",
            _ => return None,
        },
    };
    Some(hint)
}
