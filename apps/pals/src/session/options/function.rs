//! `pals function`, of what the card keeps.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use libetp::digest::Hash;
use libetp::id::parse_hex;
use pals::Shipped;

#[derive(Debug, Subcommand)]
pub(crate) enum CardFunction {
    /// List the functions that the card keeps
    List,
    /// Give the card a function, without letting it compute it
    Load(Which),
    /// Let the card compute a function in sessions, and give it the function if it has not got it
    Approve(Approve),
    /// Have the card delete a function; a session that computes it goes on
    Forget(Which),
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Its name, if it is shipped with this program; otherwise the module, or its SHA-256
    pub(crate) function: Named,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Do not ask about a function that is not shipped with this program
    #[arg(long)]
    pub(crate) yes: bool,
}

/// How somebody names a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Shipped(Shipped),
    Hash(Hash),
    File(PathBuf),
}

impl FromStr for Named {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shipped = Shipped::named(text).map(Self::Shipped);
        let named = shipped.or_else(|| parse_hex(text).map(Self::Hash));
        Ok(named.unwrap_or_else(|| Self::File(text.into())))
    }
}
