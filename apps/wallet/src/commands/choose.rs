//! `wallet reject`, and how an offer of another is named.

use libetp::params::voucher::{Offer, OfferRejected};

use crate::cli::{Choice, Cli};
use crate::mail::{Wallet, now};
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::records::{Exchange, Side, State};
use crate::values::Hex32;

pub(super) fn reject(cli: &Cli, args: &Choice) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let (n1, offer) = received(&wallet, &args.offer, &[State::Open])?;
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

/// An offer of another card in one of these states.
pub(super) fn received(
    wallet: &Wallet,
    text: &str,
    states: &[State],
) -> Result<(Hex32, Offer), Failure> {
    let found = find(wallet, text, states)?;
    let unreadable = || {
        Failure::new(
            Kind::Home,
            format!("the stored offer {} is damaged", found.number),
        )
        .hint("ask the other side for a new one")
    };
    Ok((found.n1, found.received_offer().ok_or_else(unreadable)?))
}

fn find<'w>(wallet: &'w Wallet, text: &str, states: &[State]) -> Result<&'w Exchange, Failure> {
    let usage = |text: String| Failure::new(Kind::Usage, text).hint("see `wallet inbox`");
    let found = wallet.records.find(text);
    let found = found.ok_or_else(|| usage(format!("there is no offer {text}")))?;
    let number = found.number;
    match (found.side, states.contains(&found.state)) {
        (Side::Offered, _) => Err(usage(format!("offer {number} is your own"))),
        (Side::Received, true) => Ok(found),
        (Side::Received, false) => Err(usage(format!(
            "offer {number} is {} already",
            found.state.name()
        ))),
    }
}
