//! The half of secure computations that runs on hosts.

mod computation;
mod controller;
mod member;
mod proposal;
pub mod template;

pub use computation::{Computation, Found};
pub use controller::{Controller, Step};
pub use member::{MemberCode, MemberCodeError};
pub use proposal::{COVER_ROUNDS, Proposal, ROUND_MS};
