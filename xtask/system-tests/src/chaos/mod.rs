//! `kill -9` at any point of exchanges over real sockets and QUIC.
//!
//! Two hosts trade, a third carries the third party. A [`Script`], made from a seed, says who offers
//! what, how soon the owners lose patience and dispute, which cards live in their daemon and which in
//! a process of their own, and which processes are killed when. Cards may be in readers, too, behind a
//! real `pcscd`, with two processes more for each that can be killed. A [`Blow`] falls after an *event*,
//! such as the fifth message that a host's trace shows; a spread of at most some milliseconds lets it
//! fall between messages. What is dead is started again, owners connect again and go on until no card
//! has anything open.
//!
//! Then [`Arena::run`] judges: each voucher is in exactly one card, both sides of an exchange ended
//! alike, the third party never changed its mind, and nobody is left waiting. Time judges nothing,
//! except that a run that gets nowhere for `trader::PATIENCE` is one in which somebody waits for ever.

mod arena;
mod campaign;
mod fight;
mod judge;
mod reaper;
mod script;
mod tally;
mod trader;

pub use arena::Arena;
pub use campaign::{campaign, campaign_in_readers, number_from};
pub use script::{After, Blow, Home, Manner, Part, Place, Script, Side, Trade, Victim};
pub use tally::{Kills, Tally};
