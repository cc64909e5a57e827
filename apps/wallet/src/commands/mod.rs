//! What each command does.

mod accept;
mod answer;
mod asks;
mod cancel;
mod choose;
mod dispute;
mod enrol_host;
mod history;
mod inbox;
mod init;
mod issuer;
mod list;
mod new_pin;
mod offer;
mod receive;
mod redeem;
mod redeemer;
mod refresh;

use crate::cli::{Cli, Command, Issuer, Redeemer};
use crate::disputes::Dispute;
use crate::output::Report;
use crate::program::Failure;

pub(crate) fn run(cli: &Cli) -> Result<Report, Failure> {
    carry_out(cli).map_err(|failure| card_owner::explain(&cli.access(), failure))
}

fn carry_out(cli: &Cli) -> Result<Report, Failure> {
    match &cli.command {
        Command::Init(args) => init::run(cli, args),
        Command::Pin(args) => new_pin::change(cli, args),
        Command::Unblock(args) => new_pin::unblock(cli, args),
        Command::EnrolHost(args) => enrol_host::run(cli, args),
        Command::List => list::run(cli),
        Command::Offer(args) => offer::run(cli, args),
        Command::Inbox(args) => inbox::run(cli, args),
        Command::Accept(args) => accept::run(cli, args),
        Command::Reject(args) => choose::reject(cli, args),
        Command::Asks(args) => asks::run(cli, args),
        Command::Allow(args) => answer::allow(cli, args),
        Command::Deny(args) => answer::deny(cli, args),
        Command::Cancel(args) => cancel::run(cli, args),
        Command::Resolve(args) => dispute::run(cli, args, Dispute::Resolve),
        Command::Abort(args) => dispute::run(cli, args, Dispute::Abort),
        Command::History => history::run(cli),
        Command::ReceiveIssue(args) => receive::run(cli, args),
        Command::Redeem(args) => redeem::run(cli, args),
        Command::Receipt(args) => redeem::receipt(cli, args),
        Command::Forget(args) => redeem::forget(cli, args),
        Command::Issuer(Issuer::Issue(args)) => issuer::issue(args),
        Command::Redeemer(Redeemer::Request(args)) => redeemer::request(args),
        Command::Redeemer(Redeemer::Check(args)) => redeemer::check(args),
    }
}
