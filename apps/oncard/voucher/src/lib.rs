//! On-card voucher program: issue, redeem and the optimistic fair exchange of Terada et al. 2005.
//!
//! The program keeps no state of its own. Each message is one transaction on the card's
//! [`records`]: it is checked completely before the first write, and what it sends leaves the card
//! only after the writes are durable. `docs/protocol/vouchers.md` describes messages and states.

#![no_std]

extern crate alloc;

mod checks;
mod exchange;
mod fault;
mod issue;
mod ledger;
pub mod limits;
mod list;
pub mod records;
mod redeem;

use libetp::Mtype;
use libetp::params::Param;
use libetp::params::voucher::{IssueBegin, ListExchanges, Offer};
use oncard_runtime::Context;
use oncard_runtime::{Incoming, Program, Rejection};

use exchange::{agree, commit, complete, confirm, dispute, result, start};
use fault::Fault;
use ledger::Ledger;

/// High byte of the message types of vouchers.
pub const FAMILY: u8 = 0x02;

/// The voucher program of a card.
#[derive(Clone, Copy, Debug, Default)]
pub struct VoucherProgram;

impl Program for VoucherProgram {
    fn name(&self) -> &'static str {
        "voucher"
    }

    fn family(&self) -> u8 {
        FAMILY
    }

    fn tags(&self) -> &'static [&'static str] {
        &["agree", "confirm", "resolve", "abort", "redeemed"]
    }

    fn handle(&self, message: &Incoming, context: &mut Context<'_>) -> Result<(), Rejection> {
        let mut ledger = Ledger::new(context);
        step(message, &mut ledger).map_err(|fault| fault.rejection(message.mtype))
    }
}

/// One message, one transition.
fn step(message: &Incoming, ledger: &mut Ledger<'_, '_>) -> Result<(), Fault> {
    let src = message.src;
    match message.mtype {
        Mtype::START_EXCHANGE => start::start(src, read(message)?, ledger),
        Mtype::CANCEL_OFFER => start::cancel(src, &read(message)?, ledger),
        Mtype::OFFER_REJECTED => start::rejected(src, &read(message)?, ledger),
        Mtype::ACCEPT => agree::accept(src, read::<Offer>(message)?, ledger),
        Mtype::AGREEMENT => confirm::agreement(read(message)?, ledger),
        Mtype::CONFIRMATION => commit::confirmation(&read(message)?, ledger),
        Mtype::COMMITMENT => complete::commitment(&read(message)?, ledger),
        Mtype::ORDER_RESOLVE => dispute::resolve(src, &read(message)?, ledger),
        Mtype::ORDER_ABORT => dispute::abort(src, &read(message)?, ledger),
        Mtype::OUTCOME => dispute::outcome(&read(message)?, ledger),
        Mtype::ACKNOWLEDGE_RESULT => result::acknowledge(src, &read(message)?, ledger),
        Mtype::ISSUE_BEGIN => read::<IssueBegin>(message).and_then(|_| issue::begin(src, ledger)),
        Mtype::ISSUE => issue::issue(src, read(message)?, ledger),
        Mtype::ISSUE_CANCEL => issue::cancel(src, &read(message)?, ledger),
        Mtype::REDEEM => redeem::redeem(src, &read(message)?, ledger),
        Mtype::REDEEM_RECEIPT => redeem::receipt(&read(message)?, ledger),
        Mtype::FORGET_REDEMPTION => redeem::forget(src, &read(message)?, ledger),
        Mtype::LIST_VOUCHERS => list::vouchers(src, &read(message)?, ledger),
        Mtype::LIST_EXCHANGES => {
            read::<ListExchanges>(message).and_then(|_| list::exchanges(src, ledger))
        }
        _ => Err(Fault::UnknownType),
    }
}

fn read<P: Param>(message: &Incoming) -> Result<P, Fault> {
    Ok(P::from_param(&message.param)?)
}
