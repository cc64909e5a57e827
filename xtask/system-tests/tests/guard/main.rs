//! Guard of a running daemon, as administrators, senders, receivers and approvers meet it.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod closed;
mod greedy;
mod holds;
mod modules;
mod reload;
mod rules;
mod stage;
mod users;
mod watching;
