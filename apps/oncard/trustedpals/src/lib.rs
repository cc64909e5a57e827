//! On-card programs of TrustedPals: secure multiparty computation among cards (Fort, Freiling,
//! Penso, Benenson and Kesdogan, *TrustedPals: Secure Multiparty Computation Implemented with
//! Smart Cards*, 2006).
//!
//! Cards do not lie, but their hosts decide what they hear and who hears them. All that is left to hosts, because
//! everything goes over [`link`]s, is to omit messages, in both directions (*general omission*). [`uic`] has the cards
//! agree under that on the vector of their inputs; [`smc`] computes with them, [`exchange`] has them release all items
//! or none.
//!
//! Pure and `no_std`: rounds come in as calls, messages as values.

#![no_std]

extern crate alloc;

pub mod exchange;
mod function;
mod intake;
pub mod link;
mod members;
pub mod party;
mod program;
pub mod session;
pub mod smc;
mod trust;
pub mod uic;

pub use intake::{Fate, Intake};
pub use members::{MEMBERS_MAX, Members};
pub use program::{FAMILY, PalsProgram};
pub use trust::Trust;
