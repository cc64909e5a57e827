//! The program on real cards, through their commands: as owners and hosts use it, and as hosts that may do
//! anything do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod auction;
mod exchange;
mod library;
mod modules;
mod orders;
mod power;
mod replay;
mod setup;
mod table;
mod traffic;
