//! Commands that ask the trusted third party of this host: the card itself, as any program of its domain may.

mod failure;
mod show;
mod status;

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Subcommand};
use libetp::client::blocking::Capability;
use libetp::digest::Hash;
use libetp::id::{parse_hex, write_hex};
use libetp::params::thirdparty::{ThirdPartyStatus, ThirdPartyStatusRequest};
use libetp::{Domain, EntityId};

use crate::control::{Daemon, print_report};

pub(crate) use failure::Failure;

/// How to reach the third party's card.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// Which card of the host, where there are several
    #[arg(long)]
    domain: Option<Domain>,
    /// How long to wait for its answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    timeout: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ThirdPartyCommand {
    /// Which key the third party of this host has, and how many exchanges it decided
    Status(Reach),
    /// What the third party of this host decided on an exchange
    Show(Show),
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The exchange's id, as `wallet history` prints it
    xid: Xid,
    #[command(flatten)]
    reach: Reach,
}

/// An exchange's id: 64 hexadecimal digits.
#[derive(Clone, Copy, Debug)]
struct Xid(Hash);

impl FromStr for Xid {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text)
            .map(Self)
            .ok_or("64 hexadecimal digits are wanted")
    }
}

impl Display for Xid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

/// Carries out one command and prints what came of it.
///
/// # Errors
/// [`Failure`] saying what is wrong and what to do.
pub(crate) fn run(daemon: &Daemon, command: &ThirdPartyCommand, json: bool) -> Result<(), Failure> {
    let report = match command {
        ThirdPartyCommand::Status(reach) => status::run(daemon, reach),
        ThirdPartyCommand::Show(arguments) => show::run(daemon, arguments),
    }?;
    Ok(print_report(&report, json)?)
}

/// A passing id in the third party's own domain.
struct Program {
    capability: Capability,
    timeout: Duration,
}

impl Program {
    fn connect(daemon: &Daemon, reach: &Reach) -> Result<Self, Failure> {
        let connection = daemon.connect()?;
        let capability = connection
            .acquire(reach.domain, false)
            .map_err(Failure::client)?;
        let timeout = Duration::from_secs(reach.timeout);
        Ok(Self {
            capability,
            timeout,
        })
    }

    fn card(&self) -> EntityId {
        self.capability.id().domain.card()
    }

    /// Asks the card how it is; it refuses if it is no third party.
    fn status(&mut self) -> Result<ThirdPartyStatus, Failure> {
        let card = self.card();
        let answer = self
            .capability
            .call(card, &ThirdPartyStatusRequest {}, self.timeout);
        answer.map_err(|error| Failure::of_card(card, error))
    }
}
