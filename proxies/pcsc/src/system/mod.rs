//! The real PC/SC of this machine.

mod card;
mod readers;

pub use card::System;
pub use readers::SystemReaders;
