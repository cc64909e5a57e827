//! `wallet accept`: orders the own card to agree to an offer.

use std::time::Duration;

use libetp::client::ClientError;
use serde_json::json;

use super::choose;
use crate::card::Orders;
use crate::cli::{self, Cli};
use crate::failure::{Failure, Kind};
use crate::mail::{Wallet, now};
use crate::output::Report;
use crate::records::State;
use crate::values::Hex32;

pub(super) fn run(cli: &Cli, args: &cli::Accept) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let (n1, offer) = choose::received(&wallet, &args.offer)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    wallet
        .records
        .did(now(), n1, State::Accepted, "accepted; the cards exchange");
    wallet.save()?;
    let timeout = Duration::from_secs(args.wait);
    match orders.accept(&mut wallet, &offer, timeout) {
        Ok(result) => {
            wallet.records.ended(now(), &result);
            wallet.save()?;
            orders.acknowledge(&mut wallet, result.n1)?;
            wallet.done()?;
            super::history::one(&wallet, n1)
        }
        Err(ClientError::Timeout(_)) => Err(still_running(&wallet, n1)),
        Err(error @ (ClientError::OrderRefused { .. } | ClientError::Undelivered(_))) => {
            wallet
                .records
                .did(now(), n1, State::Open, &format!("not accepted: {error}"));
            wallet.save()?;
            wallet.done()?;
            Err(error.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn still_running(wallet: &Wallet, n1: Hex32) -> Failure {
    let number = wallet
        .records
        .by_n1(n1)
        .map_or(0, |exchange| exchange.number);
    Failure::new(
        Kind::Timeout,
        format!("the cards have not finished exchange {number} yet"),
    )
    .hint("your voucher is set aside, not lost; `wallet history` tells when it is done")
    .fact("number", number)
    .fact("n1", json!(n1))
}
