//! The daemon's side of its cards.
//!
//! [`Session`] decides, without I/O: who a card is, whether it is live, which ports it reserved.
//! A [`Slot`] carries that out between a card thread and the dispatch table.

mod cards;
mod events;
mod held;
mod hello;
mod quarantine;
mod reopening;
mod served;
mod services;
mod session;
mod slot;
mod soft;
mod suspension;
mod witness_writer;
mod words;

pub use cards::{Cards, OpenLink};
pub use events::{Effect, Input, Known, Note, Now, Stage, Token};
pub use quarantine::Quarantine;
pub use reopening::{LIVE_MS_MIN, REOPEN_MS_MAX, REOPEN_MS_MIN};
pub use services::{Answer, Services, TellLinks, unix_s};
pub use session::{
    HELD_BYTES_MAX, HELD_MESSAGES_MAX, HELLO_MS_MAX, STATEMENTS_MAX, SUPERSEDED_MAX, Session,
};
pub use slot::{Seen, Slot, SlotSettings};
pub use witness_writer::WitnessWriter;
pub use words::suspended;

#[cfg(test)]
mod tests;
