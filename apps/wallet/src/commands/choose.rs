//! `wallet reject` and `wallet cancel`, and how an exchange is named.

use libetp::params::voucher::{Offer, OfferRejected};

use crate::card::Orders;
use crate::cli::{Choice, Cli};
use crate::failure::{Failure, Kind};
use crate::mail::{ANSWER_TIMEOUT, Wallet, now};
use crate::output::Report;
use crate::records::{Exchange, Side, State};
use crate::values::Hex32;

pub(super) fn reject(cli: &Cli, args: &Choice) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let (n1, offer) = received(&wallet, &args.offer)?;
    let rejected = OfferRejected { n1: n1.0 };
    wallet.capability.send_param(offer.sa, &rejected)?;
    let verdicts = wallet.capability.flush()?;
    if let Some(undelivered) = verdicts.first() {
        return Err(Failure::undelivered(undelivered));
    }
    wallet.records.did(now(), n1, State::Rejected, "rejected");
    wallet.save()?;
    super::history::one(&wallet, n1)
}

pub(super) fn cancel(cli: &Cli, args: &Choice) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let n1 = open(&wallet, &args.offer, Side::Offered)?.n1;
    let mut orders = Orders::open(&mut wallet, cli)?;
    let result = orders.give(&mut wallet, |session, capability| {
        session.cancel_offer(capability, n1.0, ANSWER_TIMEOUT)
    })?;
    wallet.records.ended(now(), &result);
    wallet.save()?;
    orders.acknowledge(&mut wallet, result.n1)?;
    wallet.done()?;
    super::history::one(&wallet, n1)
}

/// An offer of another card that waits for a decision.
pub(super) fn received(wallet: &Wallet, text: &str) -> Result<(Hex32, Offer), Failure> {
    let found = open(wallet, text, Side::Received)?;
    let unreadable = || {
        Failure::new(
            Kind::Home,
            format!("the stored offer {} is damaged", found.number),
        )
        .hint("ask the other side for a new one")
    };
    Ok((found.n1, found.received_offer().ok_or_else(unreadable)?))
}

fn open<'w>(wallet: &'w Wallet, text: &str, side: Side) -> Result<&'w Exchange, Failure> {
    let see = match side {
        Side::Received => "see `wallet inbox`",
        Side::Offered => "see `wallet history`",
    };
    let usage = |text: String| Failure::new(Kind::Usage, text).hint(see);
    let found = wallet.records.find(text);
    let found = found.ok_or_else(|| usage(format!("there is no offer {text}")))?;
    if found.side != side {
        return Err(usage(match side {
            Side::Received => format!("offer {} is your own", found.number),
            Side::Offered => format!("offer {} is not your own", found.number),
        }));
    }
    match found.state {
        State::Open => Ok(found),
        state => Err(usage(format!(
            "offer {} is {} already",
            found.number,
            state.name()
        ))),
    }
}
