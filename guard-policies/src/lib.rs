//! Guard: the verdict type and the built-in rules that no configuration removes.
//!
//! Guard judges every message where it enters the dispatch table, from a program, a card, another
//! host or the daemon itself, before it is stored. It decides entry, never consent: a privileged
//! order that passes still needs the channel key that its card demands.
//!
//! The built-in rules are [`RULES`], in order; [`judge`] runs them. They are pure: everything that
//! a rule may know is in [`Facts`].

mod facts;
mod rules;
mod verdict;

pub use facts::{Entry, Facts, Locality, Principal};
pub use rules::{RULES, Rule, judge};
pub use verdict::{Reason, Verdict};
