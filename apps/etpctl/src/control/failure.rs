//! Why a command to the daemon failed.

use command_line::{Kind, OutputError, counted};
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
    #[error("no answer to {lost} of {}", counted((*sent).into(), "ping", "pings"))]
    Lost {
        /// How many were sent.
        sent: u32,
        /// How many were not answered.
        lost: u32,
    },
    /// The daemon answered another question.
    #[error("the daemon gave an answer to another question; is it of another version?")]
    OtherAnswer,
    /// The host has no card of the domain.
    #[error("this host has no card of domain {0}")]
    NoSuchCard(String),
    /// No card has said its domain.
    #[error("no card of this host has answered yet")]
    NoCard,
    /// Several cards, and none named.
    #[error("there are several cards: name one by its domain")]
    WhichCard,
    /// The result was not written.
    #[error("{0}")]
    Output(#[from] OutputError),
}

impl Failure {
    /// Which exit code.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Client(error) => client_kind(error),
            Self::Alias(_) | Self::NoSuchCard(_) | Self::WhichCard => Kind::Usage,
            Self::NoCard => Kind::Other,
            Self::Lost { .. } => Kind::Timeout,
            Self::OtherAnswer | Self::Output(_) => Kind::Other,
        }
    }

    /// Whether nobody reads the result, so that nobody is told either.
    pub(crate) fn is_unheard(&self) -> bool {
        matches!(self, Self::Output(error) if error.is_closed())
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Client(error) => hint(error),
            Self::Lost { .. } => Some(
                "a card and port 4294967040 of its host answer pings, a card that is away when it is \
                 back (`etpctl card list`); a program only if it runs and wants to; \
                 `etpctl guard holds` lists what waits for an answer",
            ),
            Self::NoSuchCard(_) | Self::NoCard | Self::WhichCard => {
                Some("`etpctl card list` lists the cards, and says how they are")
            }
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
            "`etpctl card list` lists them, and says why one is gone; name one with --domain"
        }
        _ => return None,
    };
    Some(hint)
}
