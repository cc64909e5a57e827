//! What the command-line programs have in common: exit codes, errors for people and for programs,
//! and manual pages.

mod failure;
mod kind;
mod manual;
mod parse;

pub use failure::Failure;
pub use kind::Kind;
pub use manual::{MANUAL_OPTION, Manual};
pub use parse::parse;
