//! Guard of a running daemon, as administrators, senders, receivers and approvers meet it.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod holds;
mod rules;
mod stage;
mod watching;
