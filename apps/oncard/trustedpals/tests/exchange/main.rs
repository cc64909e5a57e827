//! The fair exchange of items among cards whose hosts do what they like.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cards;
mod cuts;
mod hosts;
mod items;
mod limits;
mod rules;
mod slots;
