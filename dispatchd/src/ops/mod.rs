//! Operations: the daemon from start to end, its command line, socket, logs and signals.

pub mod bridge;
pub mod check;
pub mod cli;
pub mod daemon;
mod drain;
pub mod failure;
pub mod limits;
pub mod logging;
pub mod process;
pub mod recover;
mod signals;
pub mod socket;
pub mod throttle;
