//! Sessions: the owner's orders to the card, and the host's part in its rounds.

mod account;
mod attend;
mod begin;
mod ended;
mod interrupt;
mod look;
mod options;
mod program;
mod roster;
mod terms;
mod watch;

use card_owner::{Access, Settings};
use libetp::params::pals::{AuctionTerms, Native, Quorum};
use pals::Computation;
use serde_json::json;

pub(crate) use options::{Auction, Init, Run, Way};

use crate::report::Report;
use options::{Create, CreateAuction, Number};
use program::{Failure, Home};

/// A command about sessions.
pub(crate) enum SessionCommand<'a> {
    Init(&'a Init),
    Id,
    Auction(&'a Auction),
    Run(&'a Run),
    Status,
    Result,
    Leave,
}

pub(crate) fn run(
    way: &Way,
    command: &SessionCommand<'_>,
) -> Result<Report, command_line::Failure> {
    let access = way.access();
    let done = card_owner::harden().and_then(|()| carry_out(&access, command));
    done.map_err(|failure| card_owner::explain(&access, failure).into())
}

fn carry_out(access: &Access<'_>, command: &SessionCommand<'_>) -> Result<Report, Failure> {
    match command {
        SessionCommand::Init(init) => {
            let (_, settings) = card_owner::initialise(access, &init.scheme, init.domain)?;
            Ok(introduce(&settings))
        }
        SessionCommand::Id => {
            let home = Home::open(access.home)?;
            Ok(introduce(&Settings::load(&home, access)?))
        }
        SessionCommand::Auction(auction) => self::auction(access, auction),
        SessionCommand::Run(Run::Sum(number)) => sum(access, number),
        SessionCommand::Run(Run::Maximum(number)) => maximum(access, number),
        SessionCommand::Status => look::status(access),
        SessionCommand::Result => look::result(access),
        SessionCommand::Leave => look::leave(access),
    }
}

/// The code alone, so that it can be sent on.
fn introduce(settings: &Settings) -> Report {
    let code = account::code(settings).to_string();
    let json = json!({
        "member": code,
        "id": settings.id.to_string(),
        "card": settings.card,
        "scheme": settings.scheme,
    });
    Report { text: code, json }
}

fn auction(access: &Access<'_>, auction: &Auction) -> Result<Report, Failure> {
    match auction {
        Auction::Create(create) => {
            let CreateAuction {
                bid,
                reserve,
                auctioneer,
                public_price,
                ..
            } = *create;
            let computation = Computation::Auction(AuctionTerms {
                reserve,
                auctioneer: auctioneer.then_some(0),
                is_price_public: public_price,
            });
            let bid = bid.unwrap_or_default().to_be_bytes();
            begin::create(access, &create.create, computation, bid)
        }
        Auction::Join(join) => {
            begin::join(access, &join.join, Native::Auction, join.bid.to_be_bytes())
        }
    }
}

fn sum(access: &Access<'_>, number: &Number<i64>) -> Result<Report, Failure> {
    match number {
        Number::Create(it) => {
            let computation = Computation::Sum(quorum(it.at_least, &it.create));
            begin::create(access, &it.create, computation, it.value.to_be_bytes())
        }
        Number::Join(it) => begin::join(access, &it.join, Native::Sum, it.value.to_be_bytes()),
    }
}

fn maximum(access: &Access<'_>, number: &Number<u64>) -> Result<Report, Failure> {
    match number {
        Number::Create(it) => {
            let computation = Computation::Maximum(quorum(it.at_least, &it.create));
            begin::create(access, &it.create, computation, it.value.to_be_bytes())
        }
        Number::Join(it) => begin::join(access, &it.join, Native::Maximum, it.value.to_be_bytes()),
    }
}

/// Those members whose hosts are right are there.
fn quorum(at_least: Option<u8>, create: &Create) -> Quorum {
    let n = create.with.len() + 1;
    let corrupt = create.corrupt.map_or((n - 1) / 2, usize::from);
    let right = u8::try_from(n.saturating_sub(corrupt)).unwrap_or(u8::MAX);
    Quorum {
        inputs_min: at_least.unwrap_or(right),
    }
}
