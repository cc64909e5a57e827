//! Family 00: host services and errors.

use alloc::string::String;
use alloc::vec::Vec;

use crate::id::EntityId;
use crate::mtype::Mtype;

crate::structure! {
    /// A verdict, to a card.
    pub struct Undeliverable {
        /// Who was meant.
        pub dst: EntityId,
        /// What type the message had.
        pub mtype: Mtype,
        /// First half of SHA-256 of the whole message.
        pub digest: [u8; 16],
        /// A [`VerdictCode`](crate::VerdictCode).
        pub code: u16,
        /// Words for people.
        pub detail: String,
    }

    /// Asks for a [`Pong`].
    pub struct Ping {
        /// At most 64 bytes, returned as they are.
        pub nonce: Vec<u8>,
    }

    /// Answers a [`Ping`].
    pub struct Pong {
        /// The ping's.
        pub nonce: Vec<u8>,
    }
}

super::params!(Undeliverable = UNDELIVERABLE, Ping = PING, Pong = PONG);
