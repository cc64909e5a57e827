//! Cards in readers of a real `pcscd`.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod cards;
mod exchange;
mod gate;
mod kills;
mod others;
mod power;
mod removal;
mod service;
mod session;
mod station;
mod swap;
