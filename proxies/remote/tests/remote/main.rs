//! Remote proxies over real QUIC on the loopback interface, and the pure machines under them,
//! as users and attackers see them.

mod frames;
mod handshakes;
mod machine;
mod order;
mod outages;
mod statements;
mod support;
mod vectors;
