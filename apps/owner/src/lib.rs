//! What programs of a card's owner have in common: a directory with a durable id and the pinned card, the PIN, and
//! orders to the card; and how they say that something failed.
//!
//! What differs is what they are called and what an order that the card refuses means: a [`Program`] says it.

mod away;
mod card;
mod daemon;
mod failure;
mod home;
mod init;
pub mod pin;
mod settings;
mod values;

pub use away::explain;
pub use card::{Orders, Owner, info, secret};
pub use command_line::Kind;
pub use daemon::{ANSWER_TIMEOUT, Access, connect, now, resume, trust};
pub use failure::Failure;
pub use home::{FILE_BYTES_MAX, Home, Version};
pub use init::initialise;
pub use settings::{PinnedCard, Settings};
pub use values::{Hex32, as_hex, as_text, named};

use libetp::params::runtime::RefusalCode;

/// A program that acts for a card's owner, as its failures call it.
pub trait Program {
    /// Its name: that of its command line, of its directory and of the file of its settings.
    const NAME: &'static str;
    /// The variable that names its directory.
    const HOME_VARIABLE: &'static str;
    /// The command that tells what is still open.
    const OVERVIEW: &'static str;
    /// What somebody has to know who loses the directory.
    const WITHOUT_HOME: &'static str;

    /// What to do about an order that the card refused.
    fn refused(refusal: Option<RefusalCode>) -> &'static str;
}

/// No core dump, and no debugger of another process of the same user.
///
/// # Errors
/// If the system does not let it.
pub fn harden<P: Program>() -> Result<(), Failure<P>> {
    nix::sys::prctl::set_dumpable(false).map_err(|errno| Failure::system("prctl", errno))
}
