//! `wallet resolve` and `wallet abort`: the third party ends an exchange that the cards could not end alone.

mod consent;
mod misfit;
mod progress;
mod settle;

use std::time::Duration;

use libetp::EntityId;
use libetp::limits::THIRD_PARTY_IDS_MAX;

use super::refresh;
use crate::card::Orders;
use crate::cli::{self, Cli};
use crate::disputes::{Chosen, Dispute, Remedy, choose};
use crate::mail::Wallet;
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::values::Who;

pub(super) use consent::{Stuck, offer_dispute};
pub(super) use misfit::failure as misfit;
use settle::{Plan, settle};

pub(super) fn run(cli: &Cli, args: &cli::Dispute, order: Dispute) -> Result<Report, Failure> {
    let third_party_ids = third_party_ids(args)?;
    let mut wallet = Wallet::open(cli)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    refresh::exchanges(&mut wallet, &mut orders)?;
    let remedy = Remedy::Dispute(order);
    let timeout = Duration::from_secs(args.timeout);
    let mut plan = match choose(&wallet.records, args.exchange.as_deref(), remedy) {
        Ok(Chosen::Open(exchange)) => Plan::new(exchange, order, timeout),
        Ok(Chosen::Ended(exchange)) => return Ok(super::history::over(exchange)),
        Err(wrong) => return Err(misfit(&wrong, args.exchange.as_deref(), remedy)),
    };
    plan.third_party_ids = third_party_ids;
    settle(&mut wallet, &mut orders, &plan)
}

fn third_party_ids(args: &cli::Dispute) -> Result<Vec<EntityId>, Failure> {
    if args.third_party_id.len() > THIRD_PARTY_IDS_MAX {
        let text = format!("a third party has at most {THIRD_PARTY_IDS_MAX} ids");
        return Err(Failure::new(Kind::Usage, text).hint("name those that are reached best"));
    }
    let ids = args.third_party_id.iter();
    ids.map(Who::third_party).collect()
}
