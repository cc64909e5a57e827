//! EXCHANGE: eTP messages to and from a card, in ISO/IEC 7816-4 commands.
//!
//! Two commands are spoken. SELECT opens a session and tells what became of the one before.
//! EXCHANGE carries messages to the card, and in its response those from the card, so that a
//! request whose answer is the card's next message costs one APDU. Both ends are here:
//! a host builds with [`SelectCommand`] and [`CommandBuilder`] and reads [`SelectReply`] and
//! [`ExchangeReply`]; a card reads [`Command`] and builds with [`ReplyBuilder`].
//!
//! A command is written in extended length, so that the largest message fits in one command and in one
//! response. A reader that carries less has it in short ones, in links and in pieces ([`apdu`]).
//! `docs/protocol/exchange.md` has the bytes and the recovery rules.

pub mod apdu;
mod command;
mod reply;
mod select;
mod status;
#[cfg(test)]
mod tests;

pub use command::{Command, CommandBuilder, CommandError, ExchangeCommand, Frames, PushError};
pub use reply::{ExchangeReply, Numbered, ReplyBuilder, ReplyError, split};
pub use select::{SelectCommand, SelectReply};
pub use status::StatusWord;

/// Name of the card application: F0 (proprietary), then `eTPcard`.
pub const AID: [u8; 8] = *b"\xF0eTPcard";
/// Version of the binding, first byte of the reply to SELECT.
pub const VERSION: u8 = 1;

/// Most data in bytes that an extended command carries.
pub const COMMAND_DATA_BYTES_MAX: usize = 65_535;
/// Most data in bytes that the response to an extended command carries.
pub const RESPONSE_DATA_BYTES_MAX: usize = 65_536;
/// Bytes of an extended EXCHANGE beside its data: header 4, Lc 3, Le 2.
pub const COMMAND_OVERHEAD_BYTES: usize = 9;
/// Most messages in one command; bounds what a card does for one command.
pub const COMMAND_MESSAGES_MAX: usize = 64;
/// Bytes before each message of a command: its length.
pub const COMMAND_FRAME_PREFIX_BYTES: usize = 2;
/// Bytes before each message of a response: its length and its number.
pub const REPLY_FRAME_PREFIX_BYTES: usize = 10;
/// Bytes after the last message of a response: `next_ms`.
pub const REPLY_TRAILER_BYTES: usize = 2;
/// `next_ms` of a card that has nothing new until it is spoken to.
pub const ONLY_WHEN_SPOKEN_TO_MS: u16 = 0xFFFF;

/// The host's name for one run of sequence numbers, random.
pub type SessionId = [u8; 8];

/// INS of SELECT.
pub const INS_SELECT: u8 = 0xA4;
/// INS of EXCHANGE.
pub const INS_EXCHANGE: u8 = 0xC2;
/// INS of GET RESPONSE, in either class.
pub const INS_GET_RESPONSE: u8 = 0xC0;
/// Class of SELECT.
pub const CLA_INTERINDUSTRY: u8 = 0x00;
/// Class of EXCHANGE.
pub const CLA_PROPRIETARY: u8 = 0x80;

/// The sequence number (P2) that follows.
pub fn next_sequence(sequence: u8) -> u8 {
    sequence.wrapping_add(1)
}
