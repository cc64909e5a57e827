//! Two broken certified cards and their hostile host, against a third party that is killed.
//!
//! The cards sign whatever they like with their own keys: they ask the third party to resolve *and*
//! to abort the same exchanges, again and again, in any order. What it signs is collected.

mod cards;
mod link;
mod siege;

pub use siege::{Siege, besiege};
