//! The real PC/SC of this machine.

mod card;
mod readers;
mod socket;

pub use card::System;
pub use readers::SystemReaders;
pub use socket::service_in_words;
