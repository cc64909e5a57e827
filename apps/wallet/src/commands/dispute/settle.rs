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
use crate::mail::{Wallet, now};
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::records::Exchange;
use crate::values::{Hex32, named};

/// What is to be done about which exchange.
pub(super) struct Plan {
    pub(super) n1: Hex32,
    pub(super) xid: Hex32,
    /// For people.
    pub(super) number: u64,
    pub(super) order: Dispute,
    /// Where the third party is reached now; where the offer says, if empty.
    pub(super) third_party_ids: Vec<EntityId>,
    /// How long to wait for the end.
    pub(super) timeout: Duration,
}

impl Plan {
    /// For an exchange that is running, under its own third party.
    pub(super) fn new(exchange: &Exchange, order: Dispute, timeout: Duration) -> Self {
        Self {
            n1: exchange.n1,
            xid: exchange.xid.unwrap_or(exchange.n1),
            number: exchange.number,
            order,
            third_party_ids: Vec::new(),
            timeout,
        }
    }

    /// The command that goes on with it.
    fn command(&self) -> String {
        format!("wallet {} {}", self.order.name(), self.number)
    }
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
            return Err(unsettled(plan, &progress));
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
    let xid = plan.xid.0;
    match orders.dispute(wallet, plan.order, xid, &plan.third_party_ids) {
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
        Err(error) => Err(refused(error, plan)),
    }
}

fn refused(error: ClientError, plan: &Plan) -> Failure {
    let code = error.refusal();
    let failure = Failure::from(error);
    match code {
        Some(RefusalCode::Malformed) => failure.hint(format!(
            "say where the third party is reached: {} --third-party-id ID",
            plan.command()
        )),
        _ => failure,
    }
}

fn unsettled(plan: &Plan, progress: &Progress) -> Failure {
    let command = plan.command();
    let failure = match progress.unreachable() {
        Some((id, verdict)) => {
            let text = format!("the third party {} cannot be reached: {verdict}", named(id));
            Failure::new(Kind::Undelivered, text)
                .fact("verdict", verdict.code.name())
                .fact("third_party_id", id.to_string())
        }
        None => Failure::new(Kind::Timeout, silence(progress)),
    };
    failure
        .hint(format!(
            "the order stays with your card, your voucher set aside and not lost. Repeat it later: {command}\n  \
             If the third party is reached elsewhere now, say so with --third-party-id ID"
        ))
        .fact("number", plan.number)
        .fact("n1", json!(plan.n1))
        .fact("xid", json!(plan.xid))
        .fact("command", command)
}

fn silence(progress: &Progress) -> String {
    let ids = progress.ids_text();
    match progress.answers() {
        true => format!("the third party{ids} is there and has not said how the exchange ends"),
        false => format!("nothing was heard of the third party{ids}"),
    }
}
