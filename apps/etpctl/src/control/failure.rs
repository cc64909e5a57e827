//! Why a command to the daemon failed.

use std::io;

use command_line::Kind;
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
    /// Which exit code.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Client(error) => client_kind(error),
            Self::Alias(_) => Kind::Usage,
            Self::Lost { .. } => Kind::Timeout,
            Self::OtherAnswer | Self::Output(_) => Kind::Other,
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Client(error) => hint(error),
            Self::Lost { .. } => Some(
                "a card and port 4294967040 of its host answer pings; a program only if it runs \
                 and wants to; `etpctl guard holds` lists what waits for an answer",
            ),
            _ => None,
        }
    }
}

fn client_kind(error: &ClientError) -> Kind {
    match error {
        _ if error.reason() == Some(RequestError::Forbidden) => Kind::Forbidden,
        ClientError::Undelivered(_) => Kind::Undelivered,
        ClientError::Timeout(_) | ClientError::NoAnswer => Kind::Timeout,
        _ => Kind::Daemon,
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
            VerdictCode::NotEnrolled => {
                "the card of this host does not state that it is here: `wallet enrol-host HOST.der`"
            }
            VerdictCode::Refused => "see `etpctl guard explain` and `etpctl status`",
            _ => "see `etpctl status`",
        },
        _ if error.reason() == Some(RequestError::NoSuchCard) => {
            "`etpctl cards` lists them, and says why one is gone; name one with --domain"
        }
        _ => return None,
    };
    Some(hint)
}
