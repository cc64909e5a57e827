//! Remote proxies over real QUIC on the loopback interface, and the pure machines under them,
//! as users and attackers see them.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod frames;
mod gate;
mod handshakes;
mod losses;
mod machine;
mod order;
mod outages;
mod statements;
mod support;
mod vectors;
