//! Rule files: what an administrator writes, and how it becomes a chain.
//!
//! Loading is all or nothing: a name that nobody has, a field that no message has, a plugin that
//! does not load is an error with its line, and the chain before stays.

mod disk;
mod load;
mod names;
mod policy;
mod problem;
mod text;

pub use disk::{Disk, read_bounded};
pub use load::{FILE_BYTES_MAX, Files, INCLUDES_MAX, load, load_names};
pub use names::{Named, Names, mtype};
pub use policy::{HOLD_SECONDS_MAX, NAME_BYTES_MAX};
pub use problem::Problem;
pub(crate) use problem::Wrong;
pub use text::VERSION;
