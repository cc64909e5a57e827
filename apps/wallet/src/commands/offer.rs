//! `wallet offer`: orders the own card to offer one voucher for another.

use std::time::Duration;

use libetp::client::text::hex;
use libetp::client::{ClientError, Undelivered};
use libetp::codec::List;
use libetp::params::host::Pong;
use libetp::params::voucher::{ExchangeStarted, Holding, StartExchange};
use libetp::verdict::VerdictCode;
use libetp::{EntityId, Port};
use serde_json::json;

use super::dispute::{Stuck, offer_dispute};
use super::refresh;
use crate::card::Orders;
use crate::cli::{Cli, Offer};
use crate::disputes::Proposal;
use crate::mail::{ANSWER_TIMEOUT, Wallet, now};
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::records::Named;
use crate::values::Hex32;

const NO_ANSWER: &str =
    "Note: the other host does not answer now; the offer is delivered when it does.\n";

pub(super) fn run(cli: &Cli, args: &Offer) -> Result<Report, Failure> {
    let peer = args.peer()?;
    let mut wallet = Wallet::open(cli)?;
    check_peer(&wallet, peer)?;
    let answers = probe(&mut wallet, peer)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    let give = find_voucher(&mut wallet, &mut orders, &args.give)?;
    let order = StartExchange {
        vid1: give.0,
        vid2: args.want.0,
        pb: peer,
        third_party: args.third_party.key.0,
        third_party_ids: List(args.third_party.ids.clone()),
    };
    let started = orders.give(&mut wallet, |session, capability| {
        session.start_exchange(capability, &order, ANSWER_TIMEOUT)
    })?;
    let third_party = Named::new(order.third_party, &order.third_party_ids.0);
    wallet
        .records
        .started(now(), &started, Some(peer), Some(third_party));
    wallet.save()?;
    wallet.done()?;
    let mut report = finish(&mut wallet, &mut orders, args, &started)?;
    report.json["host_answers"] = answers.into();
    if !answers {
        report.text.push_str(NO_ANSWER);
    }
    Ok(report)
}

fn check_peer(wallet: &Wallet, peer: EntityId) -> Result<(), Failure> {
    let usage = |text: &str| Err(Failure::new(Kind::Usage, text.to_string()));
    if !peer.port.is_assignable() {
        return usage("an offer goes to a wallet, not to a card or host service");
    }
    match peer.domain == wallet.settings.id.domain {
        true => usage("the other wallet uses the same card as this one"),
        false => Ok(()),
    }
}

/// Asks the other host before anything is ordered: an id that nobody has is found out now, not
/// when the card's offer comes back. Silence is no obstacle; false tells of it.
fn probe(wallet: &mut Wallet, peer: EntityId) -> Result<bool, Failure> {
    let ping = refresh::ping()?;
    let number = wallet.capability.queue_param(peer, &ping)?;
    let host = peer.domain.entity(Port::DIAGNOSTICS);
    let same = |pong: &Pong| pong.nonce == ping.nonce;
    let answer = wallet
        .capability
        .call_where(host, &ping, refresh::PROBE_TIMEOUT, same);
    let verdicts = wallet.capability.verdicts();
    if let Some(undelivered) = verdicts.iter().find(|verdict| verdict.number == number) {
        return Err(no_peer(peer, undelivered));
    }
    match answer {
        Err(ClientError::Undelivered(told)) if is_about_the_host(&told) => {
            Err(no_peer(peer, &told))
        }
        Ok(_) => Ok(true),
        Err(ClientError::Undelivered(_) | ClientError::Timeout(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn is_about_the_host(undelivered: &Undelivered) -> bool {
    let code = undelivered.verdict.code;
    !matches!(code, VerdictCode::UnknownDestination | VerdictCode::Refused)
}

fn no_peer(peer: EntityId, undelivered: &Undelivered) -> Failure {
    let mut failure = Failure::undelivered(undelivered);
    let verdict = &undelivered.verdict;
    failure.message =
        format!("the wallet {peer} cannot be reached: {verdict}; nothing was ordered");
    failure
}

/// A voucher by the beginning of its id.
fn find_voucher(wallet: &mut Wallet, orders: &mut Orders, text: &str) -> Result<Hex32, Failure> {
    if let Ok(vid) = text.parse() {
        return Ok(vid);
    }
    let held = orders.give(wallet, |session, capability| {
        session.list_vouchers(capability, ANSWER_TIMEOUT)
    })?;
    let fits = |held: &&Holding| !text.is_empty() && hex(&held.vid).starts_with(text);
    let mut found = held.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(Hex32(only.vid)),
        (None, _) => Err(
            Failure::new(Kind::Usage, format!("the card holds no voucher {text}"))
                .hint("see `wallet list`"),
        ),
        _ => Err(
            Failure::new(Kind::Usage, format!("several vouchers begin with {text}"))
                .hint("give more of the id"),
        ),
    }
}

fn finish(
    wallet: &mut Wallet,
    orders: &mut Orders,
    args: &Offer,
    started: &ExchangeStarted,
) -> Result<Report, Failure> {
    let n1 = Hex32(started.n1);
    let Some(seconds) = args.wait else {
        return Ok(super::history::one(wallet, n1)?.proposing(&wallet.records));
    };
    let ended = orders.as_orderer(wallet, |wallet| {
        wallet.wait_until(Duration::from_secs(seconds), |records| records.is_final(n1))
    })?;
    let report = match ended {
        true => super::history::ended(wallet, n1)?,
        false => match offer_dispute(wallet, orders, n1, args.yes)? {
            Stuck::Ended(report) => report,
            Stuck::Declined(proposal) => return Err(stuck(wallet, n1, &proposal)),
            Stuck::Not => return Err(still_open(wallet, n1)),
        },
    };
    Ok(report.proposing(&wallet.records))
}

fn stuck(wallet: &Wallet, n1: Hex32, proposal: &Proposal) -> Failure {
    let hint = format!("your voucher is set aside, not lost. {}", proposal.advice());
    late(wallet, n1, |number| {
        format!("offer {number} was agreed to, and the cards have not finished it yet")
    })
    .hint(hint)
    .fact("proposal", proposal.json())
}

fn still_open(wallet: &Wallet, n1: Hex32) -> Failure {
    late(wallet, n1, |number| {
        format!("offer {number} was not answered in time")
    })
    .hint("it stays open: see `wallet history`, or take it back with `wallet cancel`")
}

fn late(wallet: &Wallet, n1: Hex32, message: impl Fn(u64) -> String) -> Failure {
    let known = wallet.records.by_n1(n1);
    let number = known.map_or(0, |exchange| exchange.number);
    Failure::new(Kind::Timeout, message(number))
        .fact("number", number)
        .fact("n1", json!(n1))
}
