//! Exchanges that two cards cannot end alone, over real sockets and QUIC.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod dispute;
mod restore;
mod scene;
