//! A local program that wants to send as another program's id.

use std::path::Path;
use std::time::Duration;

use libetp::EntityId;
use libetp::client::blocking::{Capability, Connection};
use libetp::client::{ClientError, SavedCapability};
use libetp::codec;
use libetp::params::runtime::{OrderRefused, RefusalCode, ReservePorts};
use libetp::params::voucher::ListVouchers;
use libetp::params::{Param, Privileged};

use crate::Attempts;
use crate::report::Attempt;

const NAME: &str = "adversary";
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

pub(crate) fn attack(socket: &Path, victim: EntityId) -> Attempts {
    Ok(vec![
        guess_secret(socket, victim)?,
        order_without_channel(socket, victim)?,
        speak_as_the_daemon(socket, victim)?,
    ])
}

/// Resume the victim's durable capability with a guessed secret.
fn guess_secret(socket: &Path, victim: EntityId) -> Result<Attempt, ClientError> {
    const ATTACK: &str = "send as the wallet by a guessed resume secret";
    let guess = SavedCapability::new(victim, [0x5a; 32]);
    match Connection::open(socket, NAME)?.resume(&guess) {
        Ok(_) => Ok(Attempt::got_through(ATTACK, "resumed")),
        Err(error) => refusal(ATTACK, error),
    }
}

/// Give the card an order without the channel that the owner's PIN opens.
fn order_without_channel(socket: &Path, victim: EntityId) -> Result<Attempt, ClientError> {
    const ATTACK: &str = "order the card without the owner's PIN";
    let mut me = acquire(socket, victim)?;
    let body = codec::to_vec(&ListVouchers { after: None });
    let forged = codec::to_vec(&Privileged {
        counter: 1,
        tag: [0x5a; 16],
        body,
    });
    me.send(victim.domain.card(), ListVouchers::MTYPE, &forged)?;
    if let Some(undelivered) = me.flush()?.pop() {
        let verdict = undelivered.verdict;
        return Ok(Attempt::refused(
            ATTACK,
            verdict.code.name(),
            verdict.detail,
        ));
    }
    let Some(answer) = me.receive_within(ANSWER_TIME_MAX)? else {
        return Ok(Attempt::refused(
            ATTACK,
            "no-answer",
            "the card said nothing",
        ));
    };
    match OrderRefused::from_param(&answer.message.param) {
        Ok(refused) if answer.message.header.mtype == OrderRefused::MTYPE => {
            let code = RefusalCode::from_u16(refused.code).map_or("unknown", RefusalCode::name);
            Ok(Attempt::refused(ATTACK, code, refused.detail))
        }
        _ => Ok(Attempt::got_through(
            ATTACK,
            format!("answered {}", answer.message.header.mtype),
        )),
    }
}

/// Give the card an order that is the daemon's own.
fn speak_as_the_daemon(socket: &Path, victim: EntityId) -> Result<Attempt, ClientError> {
    const ATTACK: &str = "reserve the card's ports as if the daemon";
    let mut me = acquire(socket, victim)?;
    me.send_param(victim.domain.card(), &ReservePorts {})?;
    match me.flush()?.pop() {
        Some(refused) => {
            let verdict = refused.verdict;
            Ok(Attempt::refused(
                ATTACK,
                verdict.code.name(),
                verdict.detail,
            ))
        }
        None => Ok(Attempt::got_through(ATTACK, "delivered")),
    }
}

fn acquire(socket: &Path, victim: EntityId) -> Result<Capability, ClientError> {
    Connection::open(socket, NAME)?.acquire(Some(victim.domain), false)
}

/// A refusal of the daemon; any other error means that the attack could not be tried.
fn refusal(attack: &'static str, error: ClientError) -> Result<Attempt, ClientError> {
    match error.reason() {
        Some(reason) => Ok(Attempt::refused(attack, reason.name(), error.to_string())),
        None => Err(error),
    }
}
