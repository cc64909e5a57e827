//! Guard: the verdict type and the built-in rules that no configuration removes.
//!
//! Guard judges every message where it enters the dispatch table, from a program, a card, another
//! host or the daemon itself, before it is stored. It decides entry, never consent: a privileged
//! order that passes still needs the channel key that its card demands.
//!
//! The built-in rules are [`RULES`], in order; [`objection`] asks them. They are pure: everything that
//! a rule may know is in [`Facts`].

#[cfg(feature = "experiment")]
pub mod adversary;
pub mod capture;
pub mod cases;
pub mod chain;
pub mod expression;
pub mod fields;
pub mod file;
pub mod plugin;
pub mod table;

mod facts;
mod outcome;
mod policy;
mod rules;
mod verdict;

pub use facts::{Entry, Facts, Locality, Membership, Now, Principal, Record, Source};
pub use outcome::{Decision, Outcome};
pub use policy::{Answer, Disturbance, Failure, Opinion, Policy};
pub use rules::{RULES, Rule, objection};
pub use verdict::{Approver, Hold, Reason, Text, Verdict};
