//! Why a card cannot be made or powered up.

use alloc::string::String;

use libetp::limits::{PIN_BYTES_MAX, PIN_BYTES_MIN};

use crate::store::StoreError;

/// Why a card cannot be made or powered up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// The store holds no card.
    #[error("the store holds no card: personalise it first")]
    NotPersonalised,
    /// A record of the runtime is not what it must be.
    #[error("the card's record `{0}` is damaged")]
    Damaged(&'static str),
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secrets do not open under the device key given, or none was given and one is needed.
    #[error("the device key is not the one that the card was personalised with")]
    DeviceKey,
    /// Programs that share a family or a tag, or claim one of the runtime's.
    #[error("on-card program `{program}`: {what} is taken")]
    Clash {
        /// The program.
        program: &'static str,
        /// What it claims.
        what: String,
    },
    /// The certificate does not verify as a card's, or is not of the keys or the domain given.
    #[error("the card's certificate: {0}")]
    Certificate(String),
    /// The PIN is too short or too long.
    #[error("a PIN has {PIN_BYTES_MIN} to {PIN_BYTES_MAX} bytes")]
    PinLength,
    /// The cost of the PIN's hash is not possible.
    #[error("the cost of the PIN's hash is out of range")]
    PinCost,
    /// More third parties than a card keeps.
    #[error("too many third parties")]
    ThirdParties,
    /// No number is left for another transaction.
    #[error("the card is worn out: no transaction number is left")]
    WornOut,
}
