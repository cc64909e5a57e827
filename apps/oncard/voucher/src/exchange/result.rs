//! How exchanges ended: kept until the owner has it.
//!
//! A result is sent when it comes about, and again with each answer to `list-exchanges`, until
//! `acknowledge-result` comes from the id that gave the order or from the last id that listed. It
//! names the exchange too: after an abort the owner may accept the same offer anew, and a late word
//! about the first result must not cost the second.

use libetp::EntityId;
use libetp::params::voucher::{AcknowledgeResult, ExchangeResult, Outcome};

use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::records::{Exchange, Finished};

/// The result of an exchange that was agreed.
pub(crate) fn ended(exchange: &Exchange, outcome: Outcome) -> Finished {
    let moved = outcome != Outcome::Aborted;
    Finished {
        side: exchange.side,
        give: exchange.give(),
        want: exchange.want(),
        peer: exchange.peer(),
        result: ExchangeResult {
            n1: exchange.n1,
            xid: Some(exchange.xid()),
            outcome: outcome as u8,
            lost: moved.then(|| exchange.give()),
            gained: moved.then(|| exchange.want()),
        },
        ordered_by: exchange.ordered_by,
        told: exchange.ordered_by,
    }
}

/// Keeps a result, and sends it to those who are to know.
pub(crate) fn report(finished: &Finished, ledger: &mut Ledger<'_, '_>) {
    ledger.put(&finished.result.n1, finished);
    ledger.send(finished.told, finished.result.clone());
    if finished.ordered_by != finished.told {
        ledger.send(finished.ordered_by, finished.result.clone());
    }
}

/// `acknowledge-result`: the record goes, if it is that of this exchange.
pub(crate) fn acknowledge(
    src: EntityId,
    message: &AcknowledgeResult,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let found = ledger.get::<Finished>(&message.n1)?;
    let same = found.filter(|finished| finished.result.xid == message.xid);
    let finished = same.ok_or(Fault::NotFound("result"))?;
    if src != finished.ordered_by && src != finished.told {
        return Err(Fault::OtherSender);
    }
    ledger.delete::<Finished>(&message.n1);
    Ok(())
}
