//! A deployment of the real binaries: scheme, hosts, cards, daemons and wallets in a directory.
//!
//! Everything is done as a person would: through the command lines of `etpctl`, `dispatchd`,
//! `wallet` and `adversary`, reading what they print with `--json`. The system tests and
//! `cargo xtask demo` share it.

mod binaries;
mod deployment;
mod host;
mod program;
pub mod scenario;

pub use binaries::Binaries;
pub use deployment::{Deployment, PIN, text};
pub use host::{Host, Peer};
pub use program::{Failure, Output, Program};
