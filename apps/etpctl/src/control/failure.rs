//! Why a command to the daemon failed.

use std::io;

use libetp::client::ClientError;
use libetp::client::aliases::AliasError;
use libetp::frame::body::RequestError;
use libetp::verdict::VerdictCode;

/// Why a command to the daemon failed; each has its exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The library's error, and what to do.
    #[error("{error}{}", hint(error))]
    Client {
        /// What the library says.
        #[from]
        error: ClientError,
    },
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
            Self::Client { error } => client_code(error),
            Self::Alias(_) => 2,
            Self::Lost { .. } => 6,
            Self::OtherAnswer | Self::Output(_) => 1,
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

fn hint(error: &ClientError) -> &'static str {
    match error {
        ClientError::Connect { .. } => "\n  is dispatchd running? Name its socket with --socket",
        ClientError::Untrusted { .. } => {
            "\n  if you know that user to run your daemon, add --daemon-uid UID"
        }
        ClientError::Undelivered(told) => match told.verdict.code {
            VerdictCode::UnknownDestination => "\n  see `etpctl ids` and `etpctl routes`",
            VerdictCode::HostUnreachable => "\n  see the links in `etpctl status`",
            _ => "\n  see `etpctl status`",
        },
        _ => match error.reason() {
            Some(RequestError::Forbidden) => {
                "\n  only root, the daemon's user and [admin] uids may ask this"
            }
            Some(RequestError::NoSuchCard) => "\n  name a card of `etpctl cards` with --domain",
            _ => "",
        },
    }
}
