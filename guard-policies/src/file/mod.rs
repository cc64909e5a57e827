//! Rule files: what an administrator writes, and how it becomes policies.

mod names;
mod problem;

pub use names::{Named, Names, mtype};
pub use problem::Problem;
