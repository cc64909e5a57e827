//! The function of a secure multiparty computation, on a card.
//!
//! All cards of a session compute the same function of the same inputs, each by itself, so it has to give the same
//! result on each of them, to the bit; and nobody may see from outside how long it took. A [`Function`] is therefore
//! computed in *slices* of equal work, as many as the session says, however early the result is known.
//!
//! Functions are WebAssembly modules, known by their hash: [`Module`] loads one,
//! [`Module::within`] bounds it. What a module exports and is given is `docs/protocol/function.md`. It imports nothing
//! and has no floating point, so it has nothing to be different by; what it spends is counted in *fuel*, by the
//! engine whose name and version [`ENGINE`] are part of what a session agrees on.

#![no_std]

extern crate alloc;

mod engine;
mod idle;
mod input;
mod instance;
pub mod limits;
mod module;
mod run;
mod work;

pub use input::{Session, encode};
pub use limits::{Budget, BudgetError};
pub use module::{Bounded, LoadError, Module, Outcome};
pub use work::{Function, Input, Trap, Work};

/// Engine and version: fuel is counted the same by the same engine only.
pub const ENGINE: &str = "wasmi 2.0.0";
