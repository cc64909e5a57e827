//! A host and a wallet that drive a card through its commands, and a store that loses power.
//!
//! For the tests of on-card programs. A [`Host`] speaks SELECT and EXCHANGE, a [`Wallet`] holds an
//! owner's channel, a [`CutStore`] fails at a chosen commit: none of them reaches into a card. A [`Bare`]
//! program is one without its card, for checks that try everything.

mod bare;
mod both;
mod cut;
mod host;
mod wallet;

pub use bare::{Bare, Effects};
pub use both::{Both, handshake};
pub use cut::{Cut, CutStore};
pub use host::Host;
pub use wallet::{Handshake, Wallet, can_read};
