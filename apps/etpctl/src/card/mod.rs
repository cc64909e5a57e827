//! Commands about the cards of this host.

mod info;
mod list;
mod watch;
mod who;

use clap::{Args, Subcommand};
use libetp::Domain;
use libetp::client::control::card::CardDetails;
use libetp::client::control::{CardStatus, ControlReply, ControlRequest};

pub(crate) use list::table;

use crate::control::{Daemon, Failure, print_report};

#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// The cards of this host, and how they are
    List,
    /// Who serves a card and who uses it: owners, programs, authenticated ones
    Who(Which),
    /// Everything about one card, what went wrong last and what to do
    Info(Which),
    /// What happens to cards, as it happens
    Watch(Watch),
}

/// One card.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Which card, where there are several
    domain: Option<Domain>,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Only what happens to this card
    domain: Option<Domain>,
    /// What happened before, too, as far as the daemon remembers
    #[arg(long)]
    all: bool,
    /// End after so many lines
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

/// Carries out one command and prints what came of it.
///
/// # Errors
/// [`Failure`] saying what is wrong and what to do.
pub(crate) fn run(daemon: &Daemon, command: &CardCommand, json: bool) -> Result<(), Failure> {
    let report = match command {
        CardCommand::List => list::run(daemon),
        CardCommand::Who(which) => who::run(daemon, which),
        CardCommand::Info(which) => info::run(daemon, which),
        CardCommand::Watch(arguments) => return watch::run(daemon, arguments, json),
    }?;
    print_report(&report, json)
}

fn cards(daemon: &Daemon) -> Result<Vec<CardStatus>, Failure> {
    match daemon.ask(&ControlRequest::Cards)? {
        ControlReply::Cards(cards) => Ok(cards),
        _ => Err(Failure::OtherAnswer),
    }
}

impl Which {
    /// The card that is meant.
    fn details(&self, daemon: &Daemon) -> Result<CardDetails, Failure> {
        let domain = match self.domain {
            Some(domain) => domain.to_string(),
            None => only(&cards(daemon)?)?,
        };
        let request = ControlRequest::Card {
            domain: domain.clone(),
        };
        match daemon.ask(&request)? {
            ControlReply::Card(Some(details)) => Ok(*details),
            ControlReply::Card(None) => Err(Failure::NoSuchCard(domain)),
            _ => Err(Failure::OtherAnswer),
        }
    }
}

/// The domain of the only card that has said one.
fn only(cards: &[CardStatus]) -> Result<String, Failure> {
    let mut domains = cards.iter().map(|card| &card.domain);
    let mut named = domains.by_ref().filter(|domain| !domain.is_empty());
    match (named.next(), named.next()) {
        (Some(domain), None) => Ok(domain.clone()),
        (None, _) => Err(Failure::NoCard),
        (Some(_), Some(_)) => Err(Failure::WhichCard),
    }
}
