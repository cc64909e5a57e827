//! `wallet accept`: orders the own card to agree to an offer.

use std::time::Duration;

use libetp::VerdictCode;
use libetp::client::ClientError;
use libetp::params::voucher::{ExchangeResult, Offer};
use serde_json::json;

use super::choose;
use super::dispute::{Stuck, offer_dispute};
use crate::card::Orders;
use crate::cli::{self, Cli};
use crate::disputes::Proposal;
use crate::mail::{Wallet, now};
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::records::State;
use crate::values::Hex32;

/// An offer that was accepted before is accepted again: the cards repeat what got lost on the way.
const ACCEPTABLE: &[State] = &[State::Open, State::Accepted];

pub(super) fn run(cli: &Cli, args: &cli::Accept) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let (n1, offer) = choose::received(&wallet, &args.offer, ACCEPTABLE)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    let was_open = open_before(&mut wallet, n1)?;
    match orders.accept(&mut wallet, &offer, Duration::from_secs(args.wait)) {
        Ok(result) => ended(&mut wallet, &mut orders, &result),
        Err(ClientError::Timeout(_)) => late(&mut wallet, &mut orders, &offer, args.yes),
        Err(error @ (ClientError::OrderRefused { .. } | ClientError::Undelivered(_))) => {
            let state = match was_open && was_not_done(&error) {
                true => State::Open,
                false => State::Accepted,
            };
            let what = format!("not accepted: {error}");
            wallet.records.did(now(), n1, state, &what);
            wallet.save()?;
            wallet.done()?;
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the card has certainly not agreed. If nobody knows, the exchange may be running.
fn was_not_done(error: &ClientError) -> bool {
    match error {
        ClientError::Undelivered(undelivered) => undelivered.verdict.code != VerdictCode::Unknown,
        _ => true,
    }
}

/// Remembers that the owner accepts; whether it is for the first time.
fn open_before(wallet: &mut Wallet, n1: Hex32) -> Result<bool, Failure> {
    let known = wallet.records.by_n1(n1);
    let is_open = known.is_some_and(|known| known.state == State::Open);
    let what = match is_open {
        true => "accepted; the cards exchange",
        false => "accepted again; the cards go on",
    };
    wallet.records.did(now(), n1, State::Accepted, what);
    wallet.save()?;
    Ok(is_open)
}

fn ended(
    wallet: &mut Wallet,
    orders: &mut Orders,
    result: &ExchangeResult,
) -> Result<Report, Failure> {
    wallet.records.ended(now(), result);
    wallet.save()?;
    orders.acknowledge(wallet, result)?;
    wallet.done()?;
    let report = super::history::ended(wallet, Hex32(result.n1))?;
    Ok(report.proposing(&wallet.records))
}

/// The time to wait is over.
fn late(
    wallet: &mut Wallet,
    orders: &mut Orders,
    offer: &Offer,
    yes: bool,
) -> Result<Report, Failure> {
    let n1 = Hex32(offer.n1);
    match offer_dispute(wallet, orders, n1, yes)? {
        Stuck::Ended(report) => Ok(report.proposing(&wallet.records)),
        Stuck::Declined(proposal) => Err(still_running(wallet, n1, Some(&proposal))),
        Stuck::Not => Err(still_running(wallet, n1, None)),
    }
}

fn still_running(wallet: &Wallet, n1: Hex32, proposal: Option<&Proposal>) -> Failure {
    let known = wallet.records.by_n1(n1);
    let number = known.map_or(0, |exchange| exchange.number);
    let hint = match proposal {
        Some(proposal) => format!("your voucher is set aside, not lost. {}", proposal.advice()),
        None => {
            "your voucher is set aside, not lost; `wallet history` tells when it is done".into()
        }
    };
    Failure::new(
        Kind::Timeout,
        format!("the cards have not finished exchange {number} yet"),
    )
    .hint(hint)
    .fact("number", number)
    .fact("n1", json!(n1))
    .fact("proposal", proposal.map(Proposal::json))
}

#[cfg(test)]
mod tests {
    use libetp::Verdict;
    use libetp::client::Undelivered;

    use super::*;

    #[test]
    fn an_order_whose_fate_nobody_knows_may_have_been_carried_out() {
        let undelivered = |code| {
            ClientError::Undelivered(Undelivered {
                number: 1,
                sent: None,
                verdict: Verdict::new(code, ""),
            })
        };
        assert!(!was_not_done(&undelivered(VerdictCode::Unknown)));
        assert!(was_not_done(&undelivered(VerdictCode::CardGone)));
    }
}
