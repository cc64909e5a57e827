//! What the command-line programs have in common: exit codes, errors for people and for programs,
//! and manual pages.

mod counted;
mod failure;
mod kind;
mod manual;
mod output;
mod parse;

pub use counted::counted;
pub use failure::Failure;
pub use kind::Kind;
pub use manual::{MANUAL_OPTION, Manual};
pub use output::{OutputError, print};
pub use parse::parse;
