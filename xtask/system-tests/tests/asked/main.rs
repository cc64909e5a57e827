//! Guard asks the owner of a wallet before it lets a message in, over real sockets and QUIC.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod answers;
mod consent;
mod program;
mod scene;
