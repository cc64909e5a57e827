//! The parameters of every registered message type, as structures.
//!
//! [`Param`] ties a structure to its message type, so that a message is built and read in one
//! call. Privileged types travel inside a [`Privileged`] envelope.

pub mod host;
pub mod keys;
pub mod pals;
pub mod runtime;
pub mod thirdparty;
pub mod voucher;

use alloc::vec::Vec;

use crate::codec::{self, CodecError, Decode, Encode};
use crate::id::EntityId;
use crate::message::{Header, Message};
use crate::mtype::Mtype;

/// A structure that is the `param` of one message type.
pub trait Param: Encode + Decode {
    /// The type that names this format.
    const MTYPE: Mtype;

    /// A message with these parameters. Privileged types want [`Privileged`] instead.
    fn into_message(self, src: EntityId, dst: EntityId) -> Message {
        Message::new(src, dst, Self::MTYPE, codec::to_vec(&self))
    }

    /// Reads the parameters.
    ///
    /// # Errors
    /// [`CodecError`] if they are not canonical or not this structure.
    fn from_param(param: &[u8]) -> Result<Self, CodecError> {
        codec::from_slice(param)
    }
}

crate::structure! {
    /// The envelope of a privileged order. `tag` is the AEAD tag (ChaCha20-Poly1305) of the empty
    /// string under the channel key, with nonce `counter` and [`Privileged::associated_data`].
    pub struct Privileged {
        /// Larger than the last one that the card accepted on this channel.
        pub counter: u64,
        /// Proof of the channel key.
        pub tag: [u8; 16],
        /// The encoded parameters of the order.
        pub body: Vec<u8>,
    }
}

impl Privileged {
    /// What the tag covers beside the nonce: header, counter and body.
    pub fn associated_data(header: &Header, counter: u64, body: &[u8]) -> Vec<u8> {
        let mut data = Vec::with_capacity(crate::limits::HEADER_LEN + 8 + body.len());
        data.extend_from_slice(&header.to_bytes());
        data.extend_from_slice(&counter.to_be_bytes());
        data.extend_from_slice(body);
        data
    }

    /// The AEAD nonce of a counter: four zero bytes, then the counter, little endian (as Noise).
    pub fn nonce(counter: u64) -> [u8; 12] {
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&counter.to_le_bytes());
        nonce
    }
}

/// Ties structures to message types.
macro_rules! params {
    ($($name:ident = $mtype:ident),* $(,)?) => {
        $(impl $crate::params::Param for $name {
            const MTYPE: $crate::Mtype = $crate::Mtype::$mtype;
        })*
    };
}
pub(crate) use params;
