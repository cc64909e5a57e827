//! Why an order about functions is not carried out.

use libetp::params::pals::{FUNCTIONS_MAX, PIECE_BYTES};
use libetp::params::runtime::RefusalCode;
use oncard_function::LoadError;
use oncard_function::limits::MODULE_BYTES_MAX;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::program) enum LibraryError {
    #[error("a function of {0} bytes; they have 1 to {MODULE_BYTES_MAX}")]
    Total(u32),
    #[error(
        "pieces begin at multiples of {PIECE_BYTES} and have as many bytes, the last what is left"
    )]
    Piece,
    #[error("the card keeps {FUNCTIONS_MAX} functions, and no more; `forget-function` makes room")]
    Full,
    #[error("the function that the card has a part of has {0} bytes")]
    OtherTotal(u32),
    #[error("the next piece begins at {0}")]
    Gap(u32),
    #[error("that piece is there, with other bytes")]
    OtherPiece,
    #[error("all pieces together have another hash; forget them and load them anew")]
    OtherHash,
    #[error("no function: {0}")]
    Module(LoadError),
    #[error("the card keeps no function of that hash; load it first")]
    Unknown,
    #[error("{stored} of {total} bytes of the function are there; load the rest first")]
    Incomplete { stored: u32, total: u32 },
    #[error("the owner has not approved this function; `approve-function` does")]
    Unapproved,
}

impl LibraryError {
    pub(in crate::program) fn code(&self) -> RefusalCode {
        match self {
            Self::Total(_) | Self::Piece | Self::OtherHash | Self::Module(_) => {
                RefusalCode::Malformed
            }
            Self::Full => RefusalCode::Limit,
            Self::Unknown => RefusalCode::NotFound,
            Self::OtherTotal(_)
            | Self::Gap(_)
            | Self::OtherPiece
            | Self::Incomplete { .. }
            | Self::Unapproved => RefusalCode::State,
        }
    }
}
