//! A card in a reader, over a PC/SC that is a script: what a virtual reader cannot be made to say.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod card;
mod errors;
mod foreign;
mod patience;
mod script;
mod search;
mod transport;
mod watch;
