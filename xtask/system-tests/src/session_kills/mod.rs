//! Sessions of secure computation among real daemons, with whatever hosts can do to them in the middle.
//!
//! Three or five hosts compute the sum of their numbers. A [`Script`], made from a seed, says whose daemons and cards
//! are killed and started again, whose daemons and programs stand still for how long, and which links are cut: a
//! [`Blow`] falls after an *event*, such as the fourth packet that a host's trace shows. Every other card has a process
//! of its own. Links are [`Cables`]: every datagram between two daemons passes a relay that can drop it.
//!
//! Then it is [judged](judge()): each sum tells exactly whose numbers are in it. All hosts that have a sum have the
//! same one. If no more hosts were touched than members may be corrupt, all others have one, with the numbers of all of
//! them. What was touched comes up again and computes in the next session.
//!
//! Time judges nothing. On a machine that is so busy that hosts look slow which nobody touched, a session decides
//! nothing, and is repeated with longer rounds.

mod arena;
mod cables;
mod campaign;
mod endings;
mod healer;
mod judge;
mod reaper;
mod script;
mod sum;
mod tally;

pub use arena::Arena;
pub use cables::Cables;
pub use campaign::campaign;
pub use endings::{End, Ending};
pub use judge::{Trial, Verdict, judge};
pub use script::{Act, After, Blow, Script, Victim};
pub use tally::{Blows, Tally};
