//! The remote proxy: stands in the dispatch table for every entity of other hosts, and carries
//! eTP messages between hosts over QUIC.
//!
//! Everything that decides is pure: the `hub` with one `link` per peer and the `gate` of domains
//! takes inputs, time and a seed, and gives outputs. The `driver` moves bytes between it and quinn,
//! on one thread. [`RemoteProxy::spawn`] starts both.
//!
//! The protocol is documented in `docs/protocol/link.md`.

mod config;
mod driver;
mod event;
pub mod gate;
mod handle;
pub mod hub;
mod inbox;
mod limits;
pub mod link;
mod status;
mod store;
mod tls;

pub use config::{ConfigError, HostIdentity, KeyText, Peer, RemoteConfig};
pub use event::{Counter, EventSink, RemoteEvent, StatementToken};
pub use handle::{RemoteHandle, RemoteProxy};
pub use inbox::{INBOX_BYTES_MAX, INBOX_MESSAGES_MAX, INBOX_NOTES_MAX};
pub use limits::{CHANNELS, LANES, Limits, VERDICTS, VERDICTS_OWED_MAX};
pub use status::{LinkState, LinkStatus, RemoteStatus};
pub use store::{MemoryStatementStore, StatementStore, StoreError};
pub use tls::ALPN;
