//! The order to the card, repeated until the third party's word is here.

use std::time::{Duration, Instant};

use libetp::EntityId;
use libetp::client::ClientError;
use libetp::params::runtime::RefusalCode;
use serde_json::json;

use super::progress::Progress;
use crate::card::Orders;
use crate::commands::{history, refresh};
use crate::disputes::{Dispute, pause};
use crate::failure::{Failure, Kind};
use crate::mail::{Wallet, now};
use crate::output::Report;
use crate::values::Hex32;

/// What is to be done about which exchange.
pub(super) struct Plan {
    pub(super) n1: Hex32,
    pub(super) order: Dispute,
    /// Where the third party is reached now; where the offer says, if empty.
    pub(super) third_party_ids: Vec<EntityId>,
    /// How long to wait for the end.
    pub(super) timeout: Duration,
}

/// Orders, waits and orders again until the exchange is over or the time is up.
///
/// # Errors
/// The card's refusal; [`Kind::Undelivered`] if the third party cannot be reached, and
/// [`Kind::Timeout`] if it does not answer. The order stays with the card then.
pub(super) fn settle(
    wallet: &mut Wallet,
    orders: &mut Orders,
    plan: &Plan,
) -> Result<Report, Failure> {
    let deadline = Instant::now() + plan.timeout;
    let mut progress = Progress::new(wallet, plan);
    for orders_before in 0.. {
        if is_over(wallet, plan) || order(wallet, orders, plan, orders_before == 0)? {
            break;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = pause(orders_before).min(left);
        let over = orders.as_orderer(wallet, |wallet| progress.watch(wallet, plan.n1, wait))?;
        if !over && wait == left {
            return Err(unsettled(wallet, plan, &progress));
        }
    }
    history::ended(wallet, plan.n1)
}

fn is_over(wallet: &Wallet, plan: &Plan) -> bool {
    wallet.records.is_final(plan.n1)
}

/// Orders once; true if the exchange turns out to be over. The story tells of the first order only.
fn order(
    wallet: &mut Wallet,
    orders: &mut Orders,
    plan: &Plan,
    is_first: bool,
) -> Result<bool, Failure> {
    let found = wallet.records.by_n1(plan.n1);
    let xid = found.and_then(|exchange| exchange.xid).unwrap_or(plan.n1);
    match orders.dispute(wallet, plan.order, xid.0, &plan.third_party_ids) {
        Ok(_) => {
            if is_first {
                wallet.records.disputed(now(), plan.n1, plan.order.stage());
                wallet.save()?;
            }
            Ok(false)
        }
        Err(error) if error.refusal() == Some(RefusalCode::NotFound) => {
            refresh::exchanges(wallet, orders)?;
            match is_over(wallet, plan) {
                true => Ok(true),
                false => Err(error.into()),
            }
        }
        Err(error) => Err(refused(error, wallet, plan)),
    }
}

fn refused(error: ClientError, wallet: &Wallet, plan: &Plan) -> Failure {
    let code = error.refusal();
    let failure = Failure::from(error);
    match code {
        Some(RefusalCode::Malformed) => failure.hint(format!(
            "say where the third party is reached: {} --third-party-id ID",
            command(wallet, plan)
        )),
        _ => failure,
    }
}

fn command(wallet: &Wallet, plan: &Plan) -> String {
    let found = wallet.records.by_n1(plan.n1);
    let number = found.map_or(0, |exchange| exchange.number);
    format!("wallet {} {number}", plan.order.name())
}

fn unsettled(wallet: &Wallet, plan: &Plan, progress: &Progress) -> Failure {
    let command = command(wallet, plan);
    let failure = match progress.unreachable() {
        Some((id, verdict)) => Failure::new(
            Kind::Undelivered,
            format!("the third party {id} cannot be reached: {verdict}"),
        )
        .hint(format!(
            "the exchange is as it was, your voucher set aside and not lost. Repeat `{command}` later, or say \
             where the third party is reached now with --third-party-id ID"
        ))
        .fact("verdict", verdict.code.name())
        .fact("third_party_id", id.to_string()),
        None => Failure::new(
            Kind::Timeout,
            format!("the third party{} has not answered yet", progress.ids_text()),
        )
        .hint(format!(
            "the card goes on waiting for it, your voucher set aside and not lost; repeat `{command}` later"
        )),
    };
    let found = wallet.records.by_n1(plan.n1);
    let failure = failure.fact("n1", json!(plan.n1)).fact("command", command);
    found.map_or(failure.clone(), |exchange| {
        failure
            .fact("number", exchange.number)
            .fact("xid", json!(exchange.xid))
    })
}
