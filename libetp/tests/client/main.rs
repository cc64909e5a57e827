//! The messaging library as programs use it, against a daemon of the tests.
#![cfg(feature = "client")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod card_session;
mod daemon;
mod programs;
mod saved;
