//! The runtime of a card: everything between the command APDU and the on-card programs.
//!
//! A [`Card`] takes commands through [`Card::transmit`], and that is the only way in. One
//! EXCHANGE is one transaction: its messages are carried out in order, each either wholly or not
//! at all, and what they changed and what they answer is committed to the [`store`] before the
//! response leaves; only what lives in memory alone is not. On-card programs ([`program`]) see a
//! [`Context`]: their own part of the store, sending, signing under their registered tags, fresh
//! values, and nothing else.
//!
//! Pure and `no_std`: no clock, no entropy of its own, no floating point; what lives in memory is
//! bounded by the constants in [`limits`]. The host is the adversary here (Terada et al. 2005,
//! section 4.4; Fort et al. 2006): nothing that it forges, replays, reorders or cuts off makes the
//! card carry out an order that its owner did not give. `docs/protocol/exchange.md` has the
//! protocol.

#![no_std]

extern crate alloc;

mod ahead;
mod card;
mod context;
mod dispatch;
mod entropy;
mod error;
mod exchange;
#[cfg(feature = "harness")]
pub mod harness;
pub mod limits;
mod memory;
mod noise;
mod outbox;
mod overlay;
mod owner;
mod personal;
mod pieces;
mod pin;
pub mod program;
mod records;
mod seal;
mod service;
mod service_key;
pub mod store;
mod transaction;

pub use card::{Card, PowerUp};
pub use context::{Context, Identity};
pub use error::CardError;
pub use noise::AgreementKey;
pub use personal::{Personalisation, personalise};
pub use pin::{OwnerSecrets, PinCost, TriesLeft, check_pin};
pub use program::{Incoming, Program, Rejection};
pub use service_key::{ServiceIdentity, ServiceKey, gives_service};
pub use store::{MemoryStore, Store, StoreError, Writes};
