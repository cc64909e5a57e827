//! Fair exchange: what is exchanged, as its members settled it before.

use alloc::vec::Vec;

use super::Descriptor;
use crate::codec::{CodecError, List, from_slice};
use crate::digest::{Hash, tagged};

/// Engine of a fair exchange: name and version.
pub const EXCHANGE_ENGINE: &str = "exchange 1";

crate::structure! {
    /// Parameters of a fair exchange.
    pub struct ExchangeTerms {
        /// Among how many rounds the agreement's beginning is drawn.
        pub slots: u32,
        /// Rounds in which the items are sent.
        pub setup_rounds: u32,
        /// What each member gives, in order of members.
        pub items: List<Description>,
    }

    /// What an item has to be.
    pub struct Description {
        /// Its length.
        pub bytes: u32,
        /// Its SHA-256, or that of the document that it is a signature of.
        pub hash: Hash,
        /// The Ed25519 public key (RFC 8032) whose signature of the 32 bytes of `hash` the item is.
        pub signer: Option<[u8; 32]>,
    }
}

crate::secret_structure! {
    /// What all members learn of an exchange.
    pub struct Exchanged {
        /// In order of members.
        pub items: List<Vec<u8>>,
    }
}

impl ExchangeTerms {
    /// What a descriptor names a fair exchange by: `H("exchange")`.
    pub fn function() -> Hash {
        tagged("exchange", &[])
    }

    /// Whether a descriptor is that of a fair exchange, of this version.
    pub fn are_of(descriptor: &Descriptor) -> bool {
        descriptor.engine == EXCHANGE_ENGINE && descriptor.function == Self::function()
    }

    /// The terms in a descriptor.
    ///
    /// # Errors
    /// [`CodecError`] if they are none.
    pub fn read(descriptor: &Descriptor) -> Result<Self, CodecError> {
        from_slice(&descriptor.parameters)
    }
}
