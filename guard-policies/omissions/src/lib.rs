//! Which messages of a session corrupt hosts lose.
//!
//! All that links between cards leave to hosts is to omit messages, in either direction. [`Hosts`] says of a message,
//! by its round and its two members, whether it is lost: a function of the seed and of nothing that was asked before.
//! So every corrupt host can be asked for itself, and all play together; and the simulator and a Guard policy of the
//! same seed lose the same messages.

mod attack;
mod draws;
mod hosts;

pub use attack::{Attack, Cut};
pub use hosts::Hosts;

/// Most members of a session.
pub const MEMBERS_MAX: usize = 32;

/// Members, a bit each, the lowest for member 0.
pub type Set = u32;

/// The first `n` members, at most [`MEMBERS_MAX`].
pub fn first(n: usize) -> Set {
    let missing = MEMBERS_MAX - n.min(MEMBERS_MAX);
    Set::MAX.checked_shr(missing as u32).unwrap_or(0)
}

pub(crate) fn contains(set: Set, member: usize) -> bool {
    member < MEMBERS_MAX && set >> member & 1 == 1
}
