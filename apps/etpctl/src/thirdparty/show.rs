//! `etpctl t show`.

use libetp::params::thirdparty::{OutcomeRecord, OutcomeRequest};
use libetp::params::voucher::Outcome;
use serde_json::json;

use super::{Failure, Program, Show, Xid};
use crate::control::{self, Daemon, Report};

/// The status is asked for first: a card that is no third party knows no outcomes either, and
/// that must not pass for "not decided".
pub(super) fn run(daemon: &Daemon, arguments: &Show) -> Result<Report, Failure> {
    let mut program = Program::connect(daemon, &arguments.reach)?;
    program.status()?;
    let card = program.card();
    let xid = arguments.xid.0;
    let of_exchange = |record: &OutcomeRecord| record.xid == xid;
    let question = OutcomeRequest { xid };
    let answer = program
        .capability
        .call_where(card, &question, program.timeout, of_exchange);
    let record = answer.map_err(|error| Failure::of_card(card, error))?;
    match record.outcome.map(Outcome::from_u8) {
        None => Ok(report(arguments.xid, None)),
        Some(Some(outcome)) => Ok(report(arguments.xid, Some(outcome))),
        Some(None) => Err(control::Failure::OtherAnswer.into()),
    }
}

fn report(xid: Xid, outcome: Option<Outcome>) -> Report {
    let means = match outcome {
        Some(Outcome::Resolved) => "resolved: the vouchers change hands",
        Some(Outcome::Aborted) => "aborted: each card has its own voucher again",
        Some(other) => other.name(),
        None => "not decided: neither card has asked",
    };
    Report {
        text: format!("{xid}  {means}"),
        json: json!({ "xid": xid.to_string(), "outcome": outcome.map(Outcome::name) }),
    }
}
