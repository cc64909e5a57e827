//! `status`, `result` and `leave`: what the card says of the session that it is in, or of the last one.

use std::time::Instant;

use card_owner::{ANSWER_TIMEOUT, Access, Orders};
use libetp::client::ClientError;
use libetp::client::Event;
use libetp::client::blocking::Capability;
use libetp::params::Param;
use libetp::params::pals::{AttendSession, LeaveSession, SessionResult, SessionState, Stage};
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::{Message, Mtype};
use serde_json::json;

use super::account::Account;
use super::ended::Ended;
use super::exchange::{self, Deal};
use super::program::{Failure, Kind};
use super::setting::Setting;
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
        Said::Goes(state) => Err(not_over(&account, &state)),
        Said::Ended(result) => ended(&account, result),
    }
}

fn not_over(account: &Account, state: &SessionState) -> Failure {
    let text = format!("the session is not over: {}", goes(account, state).text);
    Failure::new(Kind::Other, text).hint(
        "if no other `pals` attends to it, `pals attend` does; `pals leave` ends it for this card",
    )
}

/// The card takes no part any more.
pub(super) fn leave(access: &Access<'_>) -> Result<Report, Failure> {
    let mut account = Account::open(access)?;
    ask(access, &mut account, &LeaveSession {})?;
    let text = "The card has left the session.".into();
    let json = json!({ "outcome": "left" });
    Ok(Report { text, json })
}

pub(super) enum Said {
    Goes(SessionState),
    Ended(SessionResult),
}

fn ask(access: &Access<'_>, account: &mut Account, order: &impl Param) -> Result<Said, Failure> {
    let mut orders = account.authenticate(access)?;
    say(&mut orders, &mut account.capability, order)
}

/// Gives an order, and waits for what the card says of its session.
pub(super) fn say(
    orders: &mut Orders,
    capability: &mut Capability,
    order: &impl Param,
) -> Result<Said, Failure> {
    let card = orders.card();
    let (session, capability) = orders.authenticated(capability);
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

/// What the card's session is about.
pub(super) enum About {
    Computation(Agreement),
    Exchange(Deal),
}

impl About {
    pub(super) fn setting(&self) -> &Setting {
        match self {
            Self::Computation(agreement) => agreement,
            Self::Exchange(deal) => deal,
        }
    }
}

pub(super) fn about(account: &Account, descriptor: &[u8; 32]) -> Option<About> {
    let remembered = account.memory.remembered()?;
    let key = account.code().key;
    let about = match Deal::is_of(&remembered) {
        true => Deal::new(remembered, &key).map(About::Exchange),
        false => Agreement::new(remembered, &key).map(About::Computation),
    };
    about
        .ok()
        .filter(|about| about.setting().terms.hash() == descriptor)
}

fn goes(account: &Account, state: &SessionState) -> Report {
    let stage = Stage::from_u8(state.stage).map_or("unknown", Stage::name);
    let mut text = match state.round {
        0 => stage.to_owned(),
        round => format!("{stage}, round {round} of {}", state.rounds),
    };
    let about = about(account, &state.descriptor);
    let roster = about.as_ref().map(|about| &about.setting().roster);
    let missing = roster.map(|roster| roster.others_without(state.present));
    if let Some(roster) = roster
        && let Some(missing) = missing.as_ref().filter(|missing| !missing.is_empty())
    {
        text += &format!("; nothing yet from {}", roster.names(missing));
    }
    let json = json!({
        "stage": stage,
        "round": state.round,
        "rounds": state.rounds,
        "missing": missing,
    });
    Report { text, json }
}

pub(super) fn ended(account: &Account, result: SessionResult) -> Result<Report, Failure> {
    match about(account, &result.descriptor) {
        Some(About::Computation(agreement)) => {
            Ended::new(&agreement, result, Vec::new()).report(&agreement)
        }
        Some(About::Exchange(deal)) => exchange::shown(Ended::new(&deal, result, Vec::new())),
        None => Err(other_home()),
    }
}

pub(super) fn other_home() -> Failure {
    let text = "the card's last session was ordered from another home: what its result means is not known here";
    Failure::new(Kind::Home, text).hint("ask there")
}

/// How the last session ended, if it was an exchange.
pub(super) fn exchanged(access: &Access<'_>) -> Result<(Deal, SessionResult), Failure> {
    let mut account = Account::open(access)?;
    let result = match ask(access, &mut account, &AttendSession {})? {
        Said::Ended(result) => result,
        Said::Goes(state) => return Err(not_over(&account, &state)),
    };
    match about(&account, &result.descriptor) {
        Some(About::Exchange(deal)) => Ok((deal, result)),
        Some(About::Computation(_)) => {
            let text = "the card's last session exchanged nothing";
            Err(Failure::new(Kind::Usage, text).hint("`pals result` shows its result"))
        }
        None => Err(other_home()),
    }
}
