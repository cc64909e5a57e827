//! S_A takes m2: v1 is given, the card waits for m4.

use etp_pki::Role;
use libetp::EntityId;
use libetp::params::voucher::{Agreement, Confirmation, Evidence, Xid};

use crate::checks;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::records::{Exchange, Given, Held, OpenOffer, Side, Stage, Wanted};

/// m2: `[delete v1, remove offer, insert WAIT(xid)]`, send m3; again on a repeated m2.
///
/// First the table (which offer does `hx` name, is v1 still here), then roles, then signatures.
pub(crate) fn agreement(message: Agreement, ledger: &mut Ledger<'_, '_>) -> Result<(), Fault> {
    checks::agreement_shape(&message, &ledger.me())?;
    let xid = message.body.xid();
    if let Some(exchange) = ledger.get::<Exchange>(&xid)? {
        // The body names this card as S_A, so the record is S_A's; m3 is the same signature again.
        send_m3(xid, exchange.peer(), ledger);
        return Ok(());
    }
    let (n1, offer) = find_offer(&message, ledger)?;
    let given = ledger.get::<Held>(&offer.vid1)?;
    let given = given.ok_or(Fault::NotFound("voucher"))?;
    verify(&message, &offer, &given, ledger)?;
    ledger.delete::<Held>(&offer.vid1);
    ledger.delete::<OpenOffer>(&n1);
    let (exchange, wanted) = confirm(n1, offer, message, ledger);
    ledger.put(&xid, &exchange);
    ledger.put(&xid, &Given { held: given });
    ledger.put(&xid, &wanted);
    send_m3(xid, exchange.peer(), ledger);
    Ok(())
}

/// The open offer that `hx` names.
fn find_offer(
    message: &Agreement,
    ledger: &Ledger<'_, '_>,
) -> Result<([u8; 32], OpenOffer), Fault> {
    let offers = ledger.all::<OpenOffer>()?;
    offers
        .into_iter()
        .find(|(n1, offer)| checks::answers(&message.body, n1, offer))
        .ok_or(Fault::OtherAgreement)
}

/// cert_B, the signature, and voucher2.
fn verify(
    message: &Agreement,
    offer: &OpenOffer,
    given: &Held,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let voucher2 = &message.voucher2;
    ledger.me().may_hold(voucher2)?;
    let card = ledger.verify(Role::Card, &message.certificate)?;
    let vouchers = &[&given.voucher, voucher2];
    checks::peer_card(&card, &message.body.b_key, offer.sb(), vouchers)?;
    card.check_signature("agree", &message.body, &message.signature)
        .map_err(|_| Fault::Signature("agreement"))?;
    let issuer = ledger.verify(Role::Issuer, &message.issuer_certificate2)?;
    checks::voucher(voucher2, &offer.vid2, &issuer)
}

fn confirm(
    n1: [u8; 32],
    offer: OpenOffer,
    message: Agreement,
    ledger: &Ledger<'_, '_>,
) -> (Exchange, Wanted) {
    let evidence = Evidence {
        body: message.body,
        signature: message.signature,
        certificate: message.certificate,
        status: message.status,
    };
    let exchange = Exchange {
        side: Side::Offering,
        stage: Stage::Wait,
        n1,
        n2: None,
        vid1: offer.vid1,
        vid2: offer.vid2,
        evidence,
        certificate_a: ledger.certificate(),
        third_party_ids: offer.third_party_ids,
        ordered_by: offer.ordered_by,
    };
    let held = Held {
        voucher: message.voucher2,
        issuer_certificate: message.issuer_certificate2,
    };
    (exchange, Wanted { held })
}

fn send_m3(xid: Xid, sb: EntityId, ledger: &mut Ledger<'_, '_>) {
    let confirmation = Confirmation {
        xid,
        signature: ledger.context.sign("confirm", &xid),
        certificate: ledger.certificate(),
    };
    ledger.send(sb, confirmation);
}
