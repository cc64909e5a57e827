//! Card proxy: stands in the dispatch table for a card.
//!
//! [`Binding`] is the host side of EXCHANGE as a machine without I/O: messages for the card in,
//! commands out, responses in, [`CardEvent`]s out. [`CardThread`] drives it over a [`Link`], one
//! thread per card, because links block; [`socket`] is the link to a card that another process
//! serves. The bytes of EXCHANGE are in `libetp::exchange` and
//! `docs/protocol/exchange.md`.
//!
//! A command whose response does not come may or may not have been carried out. The binding
//! repeats it with the same sequence number, which the card answers without carrying it out
//! twice; when the card lost its session, the reply to SELECT tells whether the command was the
//! last one that it carried out. So no message is carried out twice and none is lost while the
//! card lives, and their order is kept.

mod binding;
mod event;
mod inbox;
mod link;
mod meter;
pub mod scripted;
pub mod socket;
mod thread;

pub use binding::{Action, Binding, BindingSettings, EMPTY_ANSWERS_MAX};
pub use event::{ApduKind, ApduRecord, Away, CardEvent, FailReason, GoneReason};
pub use inbox::{CardSender, SendError};
pub use link::{Link, LinkError, Server};
pub use scripted::{Reaction, ScriptedLink};
pub use thread::{CardSettings, CardThread, CardThreadError};
