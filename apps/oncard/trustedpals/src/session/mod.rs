//! How a session comes about.
//!
//! The first member's card draws a nonce and invites the others' owners. Each other card that its owner orders to,
//! *joins*: it draws a nonce of its own and signs it together with descriptor, opening and certificate. Once all have
//! joined, the first card makes the *start* of what all sent and signs that. The session's id is a hash of the
//! descriptor and all nonces.
//!
//! A card takes a start only if its own newest entry is in it, once: so it never runs one session twice, and a host
//! cannot have a function computed again with other inputs on the same counterparts. That needs no memory of old
//! sessions: nonces never repeat, and the newest one ends with power.
//!
//! Each card passes the start on to all others. Otherwise the first member's host could leave some out, which would
//! count as if their own hosts were corrupt.

mod clock;
mod plan;
mod setup;
mod terms;

pub use clock::ClockError;
pub use plan::{EXCHANGE_PARAMETERS_BYTES_MAX, ExchangeError, Plan};
pub use setup::{ENTRY_CERTIFICATE_BYTES_MAX, Setup, SetupError, Started, Verify};
pub use terms::{ENGINE_BYTES_MAX, PARAMETERS_BYTES_MAX, Terms, TermsError};

pub(crate) use setup::FIRST;

/// Tag of a member's entry into a session.
pub(crate) const TAG_JOIN: &str = "join";
/// Tag of a session's start.
pub(crate) const TAG_START: &str = "start";
