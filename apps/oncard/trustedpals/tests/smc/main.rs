//! Computing together: an auction among cards whose hosts do what they like.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod auction;
mod hosts;
mod plans;
mod table;
mod traffic;
