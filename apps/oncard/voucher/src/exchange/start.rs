//! S_A, OFFER: made, taken back, or turned down. Nothing is given yet.

use libetp::EntityId;
use libetp::params::voucher::{
    CancelOffer, ExchangeResult, ExchangeStarted, Offer, OfferRejected, Outcome, StartExchange,
};

use super::result;
use crate::checks;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::limits::OFFERS_MAX;
use crate::records::{Exchange, Finished, Held, OpenOffer, Side};

/// `start-exchange`: vid1 stored, vid2 not reserved; `[insert offer]`, send m1.
pub(crate) fn start(
    owner: EntityId,
    order: StartExchange,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    checks::start_shape(&order, &ledger.me())?;
    let held = ledger.get::<Held>(&order.vid1)?;
    let held = held.ok_or(Fault::NotFound("voucher"))?;
    check_startable(&order, ledger)?;
    let n1 = ledger.context.fresh();
    let offer = OpenOffer {
        vid1: order.vid1,
        vid2: order.vid2,
        pb: order.pb,
        third_party: order.third_party,
        third_party_ids: order.third_party_ids,
        ordered_by: owner,
    };
    ledger.put(&n1, &offer);
    let started = ExchangeStarted {
        n1,
        vid1: offer.vid1,
        vid2: offer.vid2,
    };
    ledger.send(owner, started);
    ledger.send(offer.pb, m1(n1, offer, held, ledger));
    Ok(())
}

/// `cancel-offer`: `[remove offer]`.
pub(crate) fn cancel(
    owner: EntityId,
    order: &CancelOffer,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let n1 = order.n1;
    let Some(offer) = ledger.get::<OpenOffer>(&n1)? else {
        return Err(no_offer(&n1, ledger)?);
    };
    end(n1, &offer, owner, ledger);
    Ok(())
}

/// `offer-rejected`, from the wallet that the offer went to: `[remove offer]`.
pub(crate) fn rejected(
    src: EntityId,
    message: &OfferRejected,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let offer = ledger.get::<OpenOffer>(&message.n1)?;
    let offer = offer.ok_or(Fault::NotFound("offer"))?;
    if offer.pb != src {
        return Err(Fault::OtherSender);
    }
    end(message.n1, &offer, offer.ordered_by, ledger);
    Ok(())
}

fn check_startable(order: &StartExchange, ledger: &Ledger<'_, '_>) -> Result<(), Fault> {
    ledger.check_not_reserved(&order.vid2)?;
    ledger.check_third_party(&order.third_party)?;
    if ledger.all::<OpenOffer>()?.len() >= OFFERS_MAX {
        return Err(Fault::Limit("open offers", OFFERS_MAX as u64));
    }
    ledger.check_room_for_exchange()
}

fn m1(n1: [u8; 32], offer: OpenOffer, held: Held, ledger: &Ledger<'_, '_>) -> Offer {
    let me = ledger.me();
    Offer {
        sa: me.id,
        a_key: me.key,
        voucher1: held.voucher,
        issuer_certificate1: held.issuer_certificate,
        vid2: offer.vid2,
        n1,
        third_party: offer.third_party,
        third_party_ids: offer.third_party_ids,
        certificate: ledger.certificate(),
        status: None,
    }
}

/// Removes an offer; `told` hears of it beside the id that ordered it.
fn end(n1: [u8; 32], offer: &OpenOffer, told: EntityId, ledger: &mut Ledger<'_, '_>) {
    ledger.delete::<OpenOffer>(&n1);
    let finished = Finished {
        side: Side::Offering,
        give: offer.vid1,
        want: offer.vid2,
        peer: offer.sb(),
        result: ExchangeResult {
            n1,
            xid: None,
            outcome: Outcome::Cancelled as u8,
            lost: None,
            gained: None,
        },
        ordered_by: offer.ordered_by,
        told,
    };
    result::report(&finished, ledger);
}

/// Why an order names no open offer.
fn no_offer(n1: &[u8; 32], ledger: &Ledger<'_, '_>) -> Result<Fault, Fault> {
    let running = ledger.all::<Exchange>()?;
    Ok(
        match running.iter().any(|(_, exchange)| exchange.n1 == *n1) {
            true => Fault::State("the offer was answered"),
            false => Fault::NotFound("offer"),
        },
    )
}
