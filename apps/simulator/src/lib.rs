//! Deterministic simulation of cards and wallets, and of an adversary that owns everything between.
//!
//! Cards are real: [`oncard_runtime::Card`] with the voucher program, spoken to in APDUs by a
//! [`host`]. Wallets authenticate and give privileged orders as in life. All chance comes from one
//! seed, time is the count of steps, and after each step the [`checker`] reads every card's memory.
//!
//! [`explore`] leaves nothing to chance: it visits every state within bounds. [`pals`] has the sessions of
//! TrustedPals.

pub mod checker;
pub mod chip;
pub mod dice;
pub mod explore;
mod faithful;
pub mod holdings;
pub mod host;
mod hostile;
pub mod network;
pub mod outcome;
pub mod pals;
pub mod party;
pub mod room;
pub mod setting;
pub mod wallet;
pub mod world;
