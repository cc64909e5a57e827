//! Secure multiparty computation: all members learn their part of a function of everybody's inputs, and nothing
//! else.
//!
//! The cards agree on the vector of inputs by [uniform interactive consistency](crate::uic), each
//! computes the function by itself and tells its host the host's own part (Fort et al. 2006, Fig. 2). So the number
//! of rounds and messages does not depend on the function, and with fewer than half of the hosts
//! corrupt all members whose host is not get the right result.
//!
//! That hosts learn nothing from the traffic either, all rounds look alike (section 5.2 there): a session has
//! *cover rounds* before the agreement, *work rounds* behind it, in which the function is computed slice by
//! slice, and the result leaves the card in the last one, however early it was known.

mod machine;
mod plan;
mod turn;

pub use machine::Smc;
pub use oncard_function::{Function, Trap, Work};
pub use plan::{PACKET_BYTES_MAX, Plan, PlanError, ROUNDS_MAX};
pub use turn::{Turn, Value};
