//! The daemon's side of its cards.
//!
//! [`Session`] decides, without I/O: who a card is, whether it is live, which ports it reserved.

mod hello;
mod quarantine;
mod session;

pub use quarantine::Quarantine;
pub use session::{
    Effect, HELD_MESSAGES_MAX, HELLO_MS_MAX, Input, Known, Note, Now, STATEMENTS_MAX, Session,
    Stage, Token,
};

#[cfg(test)]
mod tests;
