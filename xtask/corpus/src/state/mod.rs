//! What the state files hold, in any order and shape.
//!
//! The file format itself is a library's, which checks its pages. Here are the records in them,
//! as whoever can write the file may put them.

mod card;
mod daemon;
mod writes;

pub(crate) use card::card;
pub(crate) use daemon::daemon;
pub use writes::Write;
