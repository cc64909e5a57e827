//! S_B: the owner accepts m1; v2 is given, the card waits for m3.

use etp_pki::Role;
use libetp::EntityId;
use libetp::digest::SUITE;
use libetp::params::voucher::{
    Agreement, AgreementBody, Commitment, Evidence, Offer, Vid, exchange_hash, n2_hash,
};

use crate::checks;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::records::{
    Committed, Exchange, Finished, Given, Held, OpenOffer, Secret, Side, Stage, Wanted,
};

/// `accept(m1)`: v2 stored, vid1 not reserved, voucher1 and cert_A ok, T_K trusted;
/// `[delete v2, insert WAIT(xid, n2)]`, send m2. The same order again sends the same message again.
pub(crate) fn accept(
    owner: EntityId,
    offer: Offer,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    checks::offer_shape(&offer, &ledger.me())?;
    if repeat(&offer, ledger)? {
        return Ok(());
    }
    check_nonce(&offer.n1, ledger)?;
    let given = ledger.get::<Held>(&offer.vid2)?;
    let given = given.ok_or(Fault::NotFound("voucher"))?;
    let vid1 = offer.voucher1.vid();
    ledger.check_not_reserved(&vid1)?;
    ledger.check_third_party(&offer.third_party)?;
    ledger.check_room_for_exchange()?;
    verify(&offer, &vid1, &given, ledger)?;
    let (exchange, wanted) = agree(owner, offer, vid1, ledger);
    insert(&exchange, Given { held: given }, &wanted, ledger);
    Ok(())
}

/// Sends m2 again in WAIT, or m4 in DONE, if this m1 was accepted before.
fn repeat(offer: &Offer, ledger: &mut Ledger<'_, '_>) -> Result<bool, Fault> {
    let waiting = ledger.all::<Exchange>()?;
    if let Some((xid, exchange)) = waiting.into_iter().find(|(_, e)| is_same(e, offer)) {
        let given = ledger.get::<Given>(&xid)?;
        let given = given.ok_or(Fault::NotFound("voucher"))?;
        ledger.send(offer.sa, m2(&exchange, given));
        return Ok(true);
    }
    let done = ledger.all::<Committed>()?;
    let same = |done: &Committed| done.n1 == offer.n1 && done.sa == offer.sa;
    let Some((xid, done)) = done.into_iter().find(|(_, done)| same(done)) else {
        return Ok(false);
    };
    ledger.send(done.sa, Commitment { xid, n2: done.n2.0 });
    Ok(true)
}

/// Whether a running exchange is this m1, accepted and still waiting.
fn is_same(exchange: &Exchange, offer: &Offer) -> bool {
    let body = &exchange.evidence.body;
    exchange.side == Side::Agreeing
        && exchange.stage == Stage::Wait
        && exchange.n1 == offer.n1
        && exchange.vid2 == offer.vid2
        && body.a_key == offer.a_key
        && body.sa == offer.sa
        && body.third_party == offer.third_party
        && exchange.vid1 == offer.voucher1.vid()
}

/// On one card n1 names one exchange at a time: other cards choose it, the owner goes by it.
fn check_nonce(n1: &[u8; 32], ledger: &Ledger<'_, '_>) -> Result<(), Fault> {
    let running = ledger.all::<Exchange>()?;
    let used = ledger.get::<OpenOffer>(n1)?.is_some()
        || ledger.get::<Finished>(n1)?.is_some()
        || running.iter().any(|(_, exchange)| exchange.n1 == *n1);
    match used {
        true => Err(Fault::NonceInUse),
        false => Ok(()),
    }
}

/// voucher1 and cert_A.
fn verify(
    offer: &Offer,
    vid1: &Vid,
    given: &Held,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    ledger.me().may_hold(&offer.voucher1)?;
    let issuer = ledger.verify(Role::Issuer, &offer.issuer_certificate1)?;
    checks::voucher(&offer.voucher1, vid1, &issuer)?;
    let card = ledger.verify(Role::Card, &offer.certificate)?;
    let vouchers = &[&offer.voucher1, &given.voucher];
    checks::peer_card(&card, &offer.a_key, offer.sa, vouchers)
}

/// Draws n2 and signs the body.
fn agree(
    owner: EntityId,
    offer: Offer,
    vid1: Vid,
    ledger: &mut Ledger<'_, '_>,
) -> (Exchange, Wanted) {
    let n2 = Secret(ledger.context.fresh());
    let body = body(&offer, &vid1, &n2, ledger);
    let evidence = Evidence {
        signature: ledger.context.sign("agree", &body),
        body,
        certificate: ledger.certificate(),
        status: None,
    };
    let exchange = Exchange {
        side: Side::Agreeing,
        stage: Stage::Wait,
        n1: offer.n1,
        n2: Some(ledger.veil(&evidence.body.xid(), &n2)),
        vid1,
        vid2: offer.vid2,
        evidence,
        certificate_a: offer.certificate,
        third_party_ids: offer.third_party_ids,
        ordered_by: owner,
    };
    let held = Held {
        voucher: offer.voucher1,
        issuer_certificate: offer.issuer_certificate1,
    };
    (exchange, Wanted { held })
}

fn body(offer: &Offer, vid1: &Vid, n2: &Secret, ledger: &Ledger<'_, '_>) -> AgreementBody {
    let me = ledger.me();
    let third_party = offer.third_party;
    AgreementBody {
        suite: SUITE,
        a_key: offer.a_key,
        b_key: me.key,
        third_party,
        sa: offer.sa,
        sb: me.id,
        hx: exchange_hash(
            &offer.a_key,
            &me.key,
            &third_party,
            vid1,
            &offer.vid2,
            &offer.n1,
        ),
        h2: n2_hash(&n2.0),
    }
}

/// `[delete v2, insert WAIT(xid, n2)]`, send m2.
fn insert(exchange: &Exchange, given: Given, wanted: &Wanted, ledger: &mut Ledger<'_, '_>) {
    let xid = exchange.xid();
    ledger.delete::<Held>(&exchange.vid2);
    ledger.put(&xid, exchange);
    ledger.put(&xid, &given);
    ledger.put(&xid, wanted);
    ledger.send(exchange.peer(), m2(exchange, given));
}

fn m2(exchange: &Exchange, given: Given) -> Agreement {
    let evidence = exchange.evidence.clone();
    Agreement {
        body: evidence.body,
        signature: evidence.signature,
        certificate: evidence.certificate,
        status: evidence.status,
        voucher2: given.held.voucher,
        issuer_certificate2: given.held.issuer_certificate,
    }
}
