//! S_A takes m4: v2 is stored.

use libetp::params::voucher::{Commitment, Outcome, n2_hash};

use super::result;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::records::{Exchange, Side, Stage, Wanted};

/// m4 with `H("n2"; n2) = h2` in WAIT or RESOLVING: `[store v2, remove record]`, result.
pub(crate) fn commitment(message: &Commitment, ledger: &mut Ledger<'_, '_>) -> Result<(), Fault> {
    let found = ledger.get::<Exchange>(&message.xid)?;
    let exchange = found.ok_or(Fault::NotFound("exchange"))?;
    check(message, &exchange)?;
    let wanted = ledger.get::<Wanted>(&message.xid)?;
    let wanted = wanted.ok_or(Fault::NotFound("voucher"))?;
    ledger.remove_exchange(&message.xid);
    ledger.hold(&exchange.vid2, &wanted.held)?;
    result::report(&result::ended(&exchange, Outcome::Completed), ledger);
    Ok(())
}

fn check(message: &Commitment, exchange: &Exchange) -> Result<(), Fault> {
    match (exchange.side, exchange.stage) {
        (Side::Offering, Stage::Wait | Stage::Resolving) => {}
        _ => return Err(Fault::State("the exchange does not wait for a commitment")),
    }
    match n2_hash(&message.n2) == exchange.evidence.body.h2 {
        true => Ok(()),
        false => Err(Fault::OtherSecret),
    }
}
