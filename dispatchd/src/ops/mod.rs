//! Operations: socket, logs, what the daemon asks of the kernel and tells its service manager.

pub mod logging;
pub mod process;
pub mod socket;
