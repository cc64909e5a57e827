//! `status`, `result` and `leave`: what the card says of the session that it is in, or of the last one.

use std::time::Instant;

use card_owner::{ANSWER_TIMEOUT, Access};
use libetp::client::ClientError;
use libetp::client::Event;
use libetp::params::Param;
use libetp::params::pals::{AttendSession, LeaveSession, SessionResult, SessionState, Stage};
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::{Message, Mtype};
use serde_json::json;

use super::account::Account;
use super::ended::Ended;
use super::program::{Failure, Kind};
use super::terms::Agreement;
use crate::report::Report;

/// Where the session is, or how the last one ended.
pub(super) fn status(access: &Access<'_>) -> Result<Report, Failure> {
    let mut account = Account::open(access)?;
    match ask(access, &mut account, &AttendSession {}) {
        Ok(Said::Goes(state)) => Ok(goes(&account, &state)),
        Ok(Said::Ended(result)) => ended(&account, result),
        Err(failure) if failure.is_fact("refusal", RefusalCode::NotFound.name()) => Ok(none()),
        Err(failure) => Err(failure),
    }
}

fn none() -> Report {
    let text = "The card is in no session, and knows of none before.".into();
    let json = json!({ "stage": null });
    Report { text, json }
}

/// How the last session ended.
pub(super) fn result(access: &Access<'_>) -> Result<Report, Failure> {
    let mut account = Account::open(access)?;
    match ask(access, &mut account, &AttendSession {})? {
        Said::Goes(state) => {
            let text = format!("the session is not over: {}", goes(&account, &state).text);
            Err(Failure::new(Kind::Other, text).hint("`pals leave` ends it for this card"))
        }
        Said::Ended(result) => ended(&account, result),
    }
}

/// The card takes no part any more.
pub(super) fn leave(access: &Access<'_>) -> Result<Report, Failure> {
    let mut account = Account::open(access)?;
    ask(access, &mut account, &LeaveSession {})?;
    let text = "The card has left the session.".into();
    let json = json!({ "outcome": "left" });
    Ok(Report { text, json })
}

enum Said {
    Goes(SessionState),
    Ended(SessionResult),
}

/// Gives an order, and waits for what the card says of its session.
fn ask(access: &Access<'_>, account: &mut Account, order: &impl Param) -> Result<Said, Failure> {
    let mut orders = account.authenticate(access)?;
    let card = orders.card();
    let (session, capability) = orders.authenticated(&mut account.capability);
    // What was said before is old.
    while capability
        .receive_within(std::time::Duration::ZERO)?
        .is_some()
    {}
    session.send(capability, order)?;
    let deadline = Instant::now() + ANSWER_TIMEOUT;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let said = match capability.event_within(left)? {
            None => return Err(ClientError::Timeout(Mtype::SESSION_STATE).into()),
            Some(Event::Undelivered(undelivered)) => {
                return Err(Failure::undelivered(&undelivered));
            }
            Some(Event::Delivery(delivery)) if delivery.message.header.src == card => {
                read(&delivery.message)
            }
            Some(Event::Delivery(_)) => Ok(None),
        };
        capability.take_received();
        if let Some(said) = said? {
            capability.write_out()?;
            return Ok(said);
        }
    }
}

fn read(message: &Message) -> Result<Option<Said>, ClientError> {
    match message.header.mtype {
        Mtype::SESSION_STATE => Ok(SessionState::from_param(&message.param)
            .ok()
            .map(Said::Goes)),
        Mtype::SESSION_RESULT => Ok(SessionResult::from_param(&message.param)
            .ok()
            .map(Said::Ended)),
        Mtype::ORDER_REFUSED => match OrderRefused::from_param(&message.param) {
            Ok(refused) => Err(ClientError::OrderRefused {
                mtype: refused.mtype,
                code: refused.code,
                detail: refused.detail,
            }),
            Err(_) => Ok(None),
        },
        _ => Ok(None),
    }
}

fn agreement(account: &Account, descriptor: &[u8; 32]) -> Option<Agreement> {
    let remembered = account.memory.remembered()?;
    let agreement = Agreement::new(remembered, &account.code().key).ok()?;
    (agreement.terms.hash() == descriptor).then_some(agreement)
}

fn goes(account: &Account, state: &SessionState) -> Report {
    let stage = Stage::from_u8(state.stage).map_or("unknown", Stage::name);
    let mut text = match state.round {
        0 => stage.to_owned(),
        round => format!("{stage}, round {round} of {}", state.rounds),
    };
    let agreement = agreement(account, &state.descriptor);
    let missing = agreement
        .as_ref()
        .map(|it| it.roster.others_without(state.present));
    if let Some(agreement) = &agreement
        && let Some(missing) = missing.as_ref().filter(|missing| !missing.is_empty())
    {
        text += &format!("; nothing yet from {}", agreement.roster.names(missing));
    }
    let json = json!({
        "stage": stage,
        "round": state.round,
        "rounds": state.rounds,
        "missing": missing,
    });
    Report { text, json }
}

fn ended(account: &Account, result: SessionResult) -> Result<Report, Failure> {
    let Some(agreement) = agreement(account, &result.descriptor) else {
        let text = "the card's last session was ordered from another home: what its result means is not known here";
        return Err(Failure::new(Kind::Home, text).hint("ask there"));
    };
    Ended::new(&agreement, result, Vec::new()).report()
}
