//! A deployment of the real binaries: scheme, hosts, cards, daemons and wallets in a directory.
//!
//! Hosts are made and run as a person would: through the command lines of `etpctl`, `dispatchd`,
//! `wallet` and `adversary`, reading what they print with `--json`. The system tests and
//! `cargo xtask demo` share it. Where many orders in a short time count, as under `kill -9`
//! ([`chaos`]), an [`owner`] speaks to its card through the messaging library instead of the wallet.

mod binaries;
pub mod chaos;
mod deployment;
mod dice;
mod host;
mod kept;
mod lanes;
pub mod owner;
pub mod pals;
mod program;
pub mod reader;
mod rogue;
pub mod scenario;
pub mod session_kills;
mod snapshot;
mod watch;

pub use binaries::Binaries;
pub use deployment::{Deployment, PIN, text};
pub use host::{Host, Peer};
pub use program::{Failure, Output, Program};
pub use rogue::{Siege, besiege};
