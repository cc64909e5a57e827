//! How links are, for `status` commands.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use libetp::digest::Hash;

use crate::event::Counter;

/// The proxy at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RemoteStatus {
    /// Every configured peer, by key id.
    pub links: BTreeMap<Hash, LinkStatus>,
    /// Refusals since the start, by name; names never counted are left out.
    pub refused: BTreeMap<Counter, u64>,
}

/// One link at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkStatus {
    /// What it is doing.
    pub state: LinkState,
    /// Where the other host is: of the link if it is up, else as configured.
    pub address: Option<SocketAddr>,
    /// Milliseconds since the state began, by the proxy's clock.
    pub since_ms: u64,
    /// Why the last link or attempt ended, for people; empty if none did.
    pub last_reason: String,
    /// Messages that wait to be sent or acknowledged.
    pub queued_messages: usize,
    /// Bytes of those messages.
    pub queued_bytes: usize,
    /// Verdicts that wait to be sent or acknowledged.
    pub queued_verdicts: usize,
    /// Messages handed to the network, repeats included.
    pub sent: u64,
    /// Messages received, repeats excluded.
    pub received: u64,
    /// Messages received that had been received before.
    pub repeats: u64,
    /// How often the link came up.
    pub ups: u64,
}

/// What a link is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Waits for the peer to dial.
    Waiting,
    /// Pauses before the next attempt to dial.
    BackingOff,
    /// Dials, or a handshake is under way.
    Connecting,
    /// Connected, waits for the peer's hello.
    Greeting,
    /// Up.
    Up,
    /// Ends.
    Closing,
}

impl LinkState {
    /// The name in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::BackingOff => "backing-off",
            Self::Connecting => "connecting",
            Self::Greeting => "greeting",
            Self::Up => "up",
            Self::Closing => "closing",
        }
    }
}
