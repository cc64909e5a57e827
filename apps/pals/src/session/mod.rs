//! Sessions: the owner's orders to the card, and the host's part in its rounds.

mod account;
mod attend;
mod begin;
mod code;
mod commands;
mod ended;
mod exchange;
mod function;
mod interrupt;
mod invitation;
mod look;
mod options;
mod program;
mod roster;
mod setting;
mod started;
mod take_over;
mod terms;
mod watch;
mod words;

use card_owner::{Access, Settings};
use serde_json::json;

pub(crate) use options::{
    Auction, Benchmark, CardFunction, Exchange, Init, Plan, Run, TakeOver, Way,
};

use crate::report::Report;
use program::{Failure, Home};

/// A command about sessions.
pub(crate) enum SessionCommand<'a> {
    Init(&'a Init),
    Id,
    Auction(&'a Auction),
    Benchmark(&'a Benchmark),
    Plan(&'a Plan),
    Run(&'a Run),
    Exchange(&'a Exchange),
    Function(&'a CardFunction),
    Attend(&'a TakeOver),
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
        SessionCommand::Auction(auction) => commands::auction(access, auction),
        SessionCommand::Benchmark(benchmark) => commands::benchmark(access, benchmark),
        SessionCommand::Plan(plan) => commands::plan(access, plan),
        SessionCommand::Run(Run::Sum(number)) => commands::sum(access, number),
        SessionCommand::Run(Run::Maximum(number)) => commands::maximum(access, number),
        SessionCommand::Run(Run::Create(run)) => commands::create_any(access, run),
        SessionCommand::Run(Run::Join(run)) => commands::join_any(access, run),
        SessionCommand::Exchange(command) => exchange::run(access, command),
        SessionCommand::Function(command) => function::run(access, command),
        SessionCommand::Attend(command) => take_over::run(access, command),
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
