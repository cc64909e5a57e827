//! The card socket: a card that another process serves to the daemon.
//!
//! The process has the way to the card, [`CardServer`] serves it on a Unix socket; the daemon opens
//! it as a [`SocketLink`]. EXCHANGE stays between daemon and card: what passes here are whole APDUs,
//! and neither end believes the other about what a card says. The bytes are in
//! `docs/protocol/card-socket.md`.
//!
//! Each connection begins with a card that was just powered up. So a process that was killed and
//! started again is, to the binding, a card that was reset, whose SELECT tells what it carried out.

mod dialogue;
mod host;
mod server;
mod stream;
mod wire;

use std::time::Duration;

pub use host::SocketLink;
pub use server::{CardServer, ServeError};
pub use wire::{Absent, Answer, Failed, Present, Reason, Request, WireError};

/// Longest command in bytes: an extended EXCHANGE.
pub const COMMAND_BYTES_MAX: usize =
    libetp::exchange::COMMAND_OVERHEAD_BYTES + libetp::exchange::COMMAND_DATA_BYTES_MAX;
/// A way to a card carries commands of so many bytes at least: short APDUs.
pub const COMMAND_BYTES_MIN: usize = 261;
/// Longest response in bytes, status word included.
pub const RESPONSE_BYTES_MAX: usize = libetp::exchange::RESPONSE_DATA_BYTES_MAX + 2;
/// Longest words in a frame, in bytes.
pub const WORDS_BYTES_MAX: usize = libetp::limits::DETAIL_BYTES_MAX;
/// Longest wait for the answer to the first frame, in milliseconds; the card is powered up in it.
pub const GREETING_MS_MAX: u64 = 5_000;
/// Longest wait for the answer to a command or a reset, in milliseconds.
pub const ANSWER_MS_MAX: u64 = 30_000;
/// Longest wait for the rest of a frame that began, and for a peer to take one, in milliseconds.
pub const FRAME_MS_MAX: u64 = 5_000;
/// Most frames that a process may say by itself while an answer of it is awaited. What it said in the meantime is read
/// then, and that is a few.
pub const SAID_FRAMES_MAX: usize = 256;
/// How often a card that has nothing to do is asked whether it is still there, in milliseconds.
pub const CHECK_MS: u64 = 250;

pub(crate) const CHECK_PAUSE: Duration = Duration::from_millis(CHECK_MS);
