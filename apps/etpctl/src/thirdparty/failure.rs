//! Why the third party did not say what was asked.

use command_line::Kind;
use libetp::EntityId;
use libetp::client::ClientError;
use libetp::params::runtime::RefusalCode;

use crate::control;

/// Why a command to the third party failed; each has its exit code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// As of every command to the daemon.
    #[error("{0}")]
    Control(#[from] control::Failure),
    /// The card has no key of a third party, or no program for one.
    #[error("the card {0} is no third party")]
    NoThirdParty(EntityId),
    /// The card refused for another reason.
    #[error("the card {card} refused: {error}")]
    Refused {
        /// Which card.
        card: EntityId,
        /// Why.
        error: ClientError,
    },
}

impl Failure {
    pub(super) fn client(error: ClientError) -> Self {
        Self::Control(error.into())
    }

    /// What an answer of the card means.
    pub(super) fn of_card(card: EntityId, error: ClientError) -> Self {
        match error.refusal() {
            Some(RefusalCode::State | RefusalCode::UnknownType) => Self::NoThirdParty(card),
            Some(_) => Self::Refused { card, error },
            None => Self::client(error),
        }
    }

    /// Which exit code.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Control(failure) => failure.kind(),
            Self::NoThirdParty(_) | Self::Refused { .. } => Kind::Refused,
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
            Self::NoThirdParty(_) => Some(
                "name the socket of the third party's host with --socket, and its card with --domain; `etpctl \
                 scheme enrol card --service DIR` makes a card a third party",
            ),
            Self::Refused { .. } => Some("see `etpctl card list` and the daemon's log"),
        }
    }
}
