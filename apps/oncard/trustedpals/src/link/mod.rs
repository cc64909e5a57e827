//! Secure links: what turns hosts that may do anything into hosts that can only omit.
//!
//! Two cards of a session share a link, set up by a Noise handshake (KK: both static keys are known,
//! from certificates) whose prologue binds both certificates and the session. Keys live in memory only
//! and end with the session. In each round a link carries one packet each way, of a size that never changes:
//! what it says, and whether it says anything, is not to be seen. Its number is its round, and no
//! round is sealed twice.
//!
//! Fort et al. 2006, section 6, sign each packet and encrypt it, both with public keys. A handshake per session
//! costs less and hides past sessions from whoever gets the static keys later. Source and destination are
//! inside the packet, as there: nobody passes on to a third card what was meant for him.

mod handshake;
mod packet;

pub use handshake::{HANDSHAKE_MESSAGE_BYTES, Handshake, Keys, Parties};
pub use packet::{Link, OpenError, SealError};
