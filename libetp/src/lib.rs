//! The language of TENeT, spoken by cards, local programs and hosts alike.
//!
//! The core is `no_std` + `alloc` and pure: [`id`]s, [`message`]s, the deterministic [`codec`],
//! the [`mtype`] registry, message [`params`], [`frame`]s of the application socket,
//! [`digest`]s and [`verdict`]s, and [`exchange`], the binding to a card. Feature `client` adds
//! the module `client`, the messaging library that programs link against, and feature `local` what
//! servers and clients of Unix sockets have in common.
//!
//! The formats are documented, for writers of peers in other languages, under `docs/protocol/`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "client")]
pub mod client;
pub mod codec;
mod codes;
pub mod digest;
pub mod exchange;
pub mod frame;
pub mod id;
pub mod limits;
#[cfg(feature = "local")]
pub mod local;
pub mod message;
pub mod mtype;
pub mod params;
pub mod text;
pub mod verdict;

pub use id::{Domain, EntityId, Port};
pub use message::{Header, Message};
pub use mtype::Mtype;
pub use verdict::{Verdict, VerdictCode};
