//! `wallet cancel`: takes an own offer back that nobody agreed to.

use libetp::params::runtime::RefusalCode;

use super::{dispute, refresh};
use crate::card::Orders;
use crate::cli::{Cancel, Cli};
use crate::disputes::{Chosen, Remedy, choose};
use crate::mail::{ANSWER_TIMEOUT, Wallet, now};
use crate::output::Report;
use crate::program::Failure;
use crate::values::Hex32;

pub(super) fn run(cli: &Cli, args: &Cancel) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    refresh::exchanges(&mut wallet, &mut orders)?;
    let text = args.offer.as_deref();
    let n1 = match choose(&wallet.records, text, Remedy::Cancel) {
        Ok(Chosen::Open(exchange)) => exchange.n1,
        Ok(Chosen::Ended(exchange)) => return Ok(super::history::over(exchange)),
        Err(wrong) => return Err(dispute::misfit(&wrong, text, Remedy::Cancel)),
    };
    cancel(&mut wallet, &mut orders, n1)?;
    super::history::ended(&wallet, n1)
}

fn cancel(wallet: &mut Wallet, orders: &mut Orders, n1: Hex32) -> Result<(), Failure> {
    let cancelled = orders.cancel(wallet, n1.0, ANSWER_TIMEOUT);
    match cancelled {
        Ok(result) => {
            wallet.records.ended(now(), &result);
            wallet.save()?;
            orders.acknowledge(wallet, &result)?;
            wallet.done()
        }
        Err(error) if error.refusal() == Some(RefusalCode::State) => {
            refresh::exchanges(wallet, orders)?;
            Err(overtaken(wallet, n1).unwrap_or_else(|| error.into()))
        }
        Err(error) => Err(error.into()),
    }
}

/// The other side agreed just before.
fn overtaken(wallet: &Wallet, n1: Hex32) -> Option<Failure> {
    let wrong = choose(&wallet.records, Some(&n1.to_string()), Remedy::Cancel).err()?;
    Some(dispute::misfit(&wrong, None, Remedy::Cancel))
}
