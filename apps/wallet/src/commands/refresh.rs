//! What the card and other hosts say about exchanges, before a command speaks of them.

use std::time::Duration;

use libetp::client::{Delivery, Event};
use libetp::params::Param;
use libetp::params::host::{Ping, Pong};
use libetp::params::voucher::{ExchangeState, State};
use libetp::{EntityId, Port};

use crate::card::Orders;
use crate::mail::{ANSWER_TIMEOUT, Wallet, now};
use crate::program::Failure;
use crate::records::{Exchange, Records, Stage};
use crate::values::Hex32;

/// How long another host may take to say that it is there.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// Asks the card where its exchanges stand. It repeats the results that nobody acknowledged: they
/// are in the records afterwards.
pub(super) fn exchanges(wallet: &mut Wallet, orders: &mut Orders) -> Result<(), Failure> {
    let listed = orders.give(wallet, |session, capability| {
        session.list_exchanges(capability, ANSWER_TIMEOUT)
    })?;
    wallet.records.see(now(), &listed);
    wallet.save()?;
    let ended = |records: &Records| {
        listed
            .iter()
            .filter(is_done)
            .all(|done| knows(records, done))
    };
    orders.as_orderer(wallet, |wallet| wallet.wait_until(ANSWER_TIMEOUT, ended))?;
    orders.as_orderer(wallet, Wallet::collect)
}

fn is_done(listed: &&ExchangeState) -> bool {
    State::from_u8(listed.state) == Some(State::Done)
}

fn knows(records: &Records, listed: &ExchangeState) -> bool {
    records.is_final(Hex32(listed.n1))
}

/// Asks the hosts of those cards that are waited for whether they are there, all at once.
pub(super) fn peers(wallet: &mut Wallet) -> Result<(), Failure> {
    let waits = |e: &&Exchange| e.is_running() && e.stage() == Some(Stage::Wait);
    let waiting = wallet.records.exchanges.iter().filter(waits);
    let hosts: Vec<(Hex32, EntityId)> = waiting
        .filter_map(|e| Some((e.n1, e.peer_id()?.domain.entity(Port::DIAGNOSTICS))))
        .collect();
    if hosts.is_empty() {
        return Ok(());
    }
    let answers = ask(wallet, hosts.iter().map(|(_, host)| *host))?;
    let now = now();
    for (n1, host) in hosts {
        let answer = answers.iter().find(|answer| answer.id == host);
        if let Some(answered) = answer.and_then(|answer| answer.is_there) {
            wallet.records.reached(now, n1, answered);
        }
    }
    wallet.save()
}

/// What became of a ping.
struct Answer {
    id: EntityId,
    number: u64,
    /// `None` as long as nobody said anything.
    is_there: Option<bool>,
}

fn ask(wallet: &mut Wallet, ids: impl Iterator<Item = EntityId>) -> Result<Vec<Answer>, Failure> {
    let ping = ping()?;
    let mut answers: Vec<Answer> = Vec::new();
    for id in ids {
        if !answers.iter().any(|known| known.id == id) {
            let number = wallet.capability.queue_param(id, &ping)?;
            let is_there = None;
            answers.push(Answer {
                id,
                number,
                is_there,
            });
        }
    }
    wallet.watch(PROBE_TIMEOUT, |_, event| {
        if let Some(event) = event {
            answers.iter_mut().for_each(|answer| answer.hear(event));
        }
        answers.iter().all(|answer| answer.is_there.is_some())
    })?;
    Ok(answers)
}

impl Answer {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Delivery(delivery) if is_pong(delivery, self.id) => self.is_there = Some(true),
            Event::Undelivered(told) if told.number == self.number => self.is_there = Some(false),
            _ => {}
        }
    }
}

/// Whether a delivery is that id's answer to a ping.
pub(super) fn is_pong(delivery: &Delivery, id: EntityId) -> bool {
    let header = &delivery.message.header;
    header.src == id && header.mtype == Pong::MTYPE
}

/// A ping with a nonce of its own.
pub(super) fn ping() -> Result<Ping, Failure> {
    let mut nonce = vec![0; 16];
    getrandom::fill(&mut nonce).map_err(|error| Failure::system("random numbers", error))?;
    Ok(Ping { nonce })
}
