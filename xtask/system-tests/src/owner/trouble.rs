//! What may go wrong, by what to do about it.

use std::fmt;

use libetp::VerdictCode;
use libetp::client::ClientError;
use libetp::params::runtime::RefusalCode;

use crate::program::Failure;

/// Why an attempt came to nothing.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// It will pass: a daemon is away, or comes back just now.
    Passing(String),
    /// The card does not carry the order out in the state it is in.
    Refused(RefusalCode, String),
    /// It will not pass.
    Fatal(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passing(words) | Self::Refused(_, words) | Self::Fatal(words) => {
                f.write_str(words)
            }
        }
    }
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        let words = error.to_string();
        match &error {
            ClientError::OrderRefused { .. } => match error.refusal() {
                Some(RefusalCode::NotAuthenticated | RefusalCode::BadTag) => Self::Passing(words),
                Some(code) => Self::Refused(code, words),
                None => Self::Fatal(words),
            },
            ClientError::AuthenticationFailed { .. } => match error.refusal() {
                Some(RefusalCode::NoChallenge) => Self::Passing(words),
                _ => Self::Fatal(words),
            },
            ClientError::Undelivered(undelivered) => match undelivered.verdict.code {
                VerdictCode::Quarantined | VerdictCode::Suspended => Self::Fatal(words),
                _ => Self::Passing(words),
            },
            ClientError::Connect { .. }
            | ClientError::Io(_)
            | ClientError::Disconnected
            | ClientError::NoAnswer
            | ClientError::Timeout(_) => Self::Passing(words),
            ClientError::Closed { .. } | ClientError::Refused { .. } => refused(&error, words),
            _ => Self::Fatal(words),
        }
    }
}

/// What the daemon says no to: for ever, unless it ends, starts or has much to do.
fn refused(error: &ClientError, words: String) -> Trouble {
    use libetp::frame::body::RequestError::{CardGone, NoSuchCard, Quota, ShuttingDown};
    match error.reason() {
        Some(CardGone | NoSuchCard | Quota | ShuttingDown) => Trouble::Passing(words),
        _ => Trouble::Fatal(words),
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::new(trouble.to_string())
    }
}
