//! Why a message is not carried out.

use alloc::string::ToString;

use libetp::Mtype;
use libetp::codec::CodecError;
use libetp::params::runtime::RefusalCode;
use oncard_runtime::Rejection;

use super::library::LibraryError;
use super::memory::OPENINGS_MAX;
use crate::function::FunctionError;
use crate::session::{SetupError, TermsError};

/// One reason, named. The owner's programs are told; what other cards send is dropped under its name, since input
/// of others that does not verify is never answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Malformed(#[from] CodecError),
    #[error(transparent)]
    Terms(#[from] TermsError),
    #[error(transparent)]
    Function(#[from] FunctionError),
    #[error(transparent)]
    Library(#[from] LibraryError),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("an input of {found} bytes; in this session they have {expected}")]
    Input { found: usize, expected: usize },
    #[error("this is not the item that this member is to give, as the session describes it")]
    Item,
    #[error("the card is in a session; leave that first")]
    Busy,
    #[error("the card joined {OPENINGS_MAX} openings of this session; leave it first")]
    Openings,
    #[error("the card is in no session")]
    NoSession,
    #[error("the session is not there yet, or is over")]
    OtherStage,
    #[error("another session than the one that the card is in")]
    OtherSession,
    #[error("only the first member opens a session; the others join it")]
    NotFirst,
    #[error("the first member opens a session, and does not join it")]
    First,
    #[error("round {found}; the card is in round {expected}")]
    OtherRound { found: u32, expected: u32 },
    #[error("only the program that attends to the session may; `attend-session` takes it over")]
    OtherSender,
    #[error("not a message that cards of this version take")]
    UnknownType,
    #[error(transparent)]
    Runtime(#[from] Rejection),
}

impl Fault {
    /// The code that the sender is told.
    fn code(&self) -> RefusalCode {
        match self {
            Self::Malformed(_)
            | Self::Terms(_)
            | Self::Function(_)
            | Self::Input { .. }
            | Self::Item
            | Self::First
            | Self::NotFirst => RefusalCode::Malformed,
            Self::Library(error) => error.code(),
            Self::Setup(_) => RefusalCode::Certificate,
            Self::Busy | Self::Openings => RefusalCode::Limit,
            Self::NoSession => RefusalCode::NotFound,
            Self::UnknownType => RefusalCode::UnknownType,
            _ => RefusalCode::State,
        }
    }

    /// What the runtime makes of the message: an answer, or a named counter.
    pub(super) fn rejection(self, mtype: Mtype) -> Rejection {
        let rejection = match self {
            Self::Runtime(rejection) => rejection,
            fault => Rejection::refused(fault.code(), fault.to_string()),
        };
        rejection.answered_if(is_answered(mtype))
    }
}

/// Whether a refusal is told to the sender: orders, and the host's clock.
fn is_answered(mtype: Mtype) -> bool {
    mtype.is_privileged() || matches!(mtype, Mtype::ROUND_OVER | Mtype::COMPUTE)
}
