//! The checks that need nothing but their arguments.

use etp_pki::{Leaf, Subject};
use libetp::digest::{Hash, SUITE};
use libetp::limits::{CERTIFICATE_BYTES_MAX, PROMISE_BYTES_MAX, THIRD_PARTY_IDS_MAX};
use libetp::params::voucher::{
    Agreement, AgreementBody, Offer, StartExchange, Vid, Voucher, exchange_hash,
};
use libetp::{EntityId, Port};

use crate::fault::Fault;
use crate::records::OpenOffer;

/// Who this card is, as far as the checks need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Me {
    pub(crate) id: EntityId,
    pub(crate) key: Hash,
    pub(crate) class: u8,
}

impl Me {
    /// Whether a card of this class may hold a voucher.
    pub(crate) fn may_hold(&self, voucher: &Voucher) -> Result<(), Fault> {
        check_class(self.class, voucher.min_class)
    }
}

/// Lengths and ids of a `start-exchange`.
pub(crate) fn start_shape(order: &StartExchange, me: &Me) -> Result<(), Fault> {
    check_third_parties(order.third_party_ids.0.len())?;
    if order.pb.domain == me.id.domain {
        return Err(Fault::SelfExchange);
    }
    match order.pb.port.is_assignable() {
        true => Ok(()),
        false => Err(Fault::Id),
    }
}

/// Lengths and ids of an m1, and that it is not this card's own.
pub(crate) fn offer_shape(offer: &Offer, me: &Me) -> Result<(), Fault> {
    check_third_parties(offer.third_party_ids.0.len())?;
    check_promise(&offer.voucher1)?;
    check_status(offer.status.as_deref())?;
    if offer.a_key == me.key || offer.sa.domain == me.id.domain {
        return Err(Fault::SelfExchange);
    }
    match offer.sa.port {
        Port::CARD => Ok(()),
        _ => Err(Fault::Id),
    }
}

/// Lengths of an m2, and that its body names this card as S_A and another one as S_B.
pub(crate) fn agreement_shape(agreement: &Agreement, me: &Me) -> Result<(), Fault> {
    check_promise(&agreement.voucher2)?;
    check_status(agreement.status.as_deref())?;
    let body = &agreement.body;
    if body.suite != SUITE || body.a_key != me.key || body.sa != me.id {
        return Err(Fault::OtherAgreement);
    }
    match body.b_key == me.key {
        true => Err(Fault::SelfExchange),
        false => Ok(()),
    }
}

/// Whether an m2 answers an open offer of this card: third party, other card and `hx`.
pub(crate) fn answers(body: &AgreementBody, n1: &[u8; 32], offer: &OpenOffer) -> bool {
    let hx = exchange_hash(
        &body.a_key,
        &body.b_key,
        &offer.third_party,
        &offer.vid1,
        &offer.vid2,
        n1,
    );
    body.hx == hx && body.third_party == offer.third_party && body.sb == offer.sb()
}

/// "cert ok" for the other card: the expected key, the domain of the id beside it, and a class
/// that both vouchers demand. Role and chain were verified before.
pub(crate) fn peer_card(
    leaf: &Leaf,
    key: &Hash,
    id: EntityId,
    vouchers: &[&Voucher],
) -> Result<(), Fault> {
    if leaf.key != *key || leaf.subject != Subject::Domain(id.domain) {
        return Err(Fault::OtherKey("card's"));
    }
    vouchers
        .iter()
        .try_for_each(|voucher| check_class(leaf.class, voucher.min_class))
}

/// A voucher that this card may create: its id, its issuer and the issuer's signature.
/// The role of the issuer's certificate was verified before.
pub(crate) fn voucher(voucher: &Voucher, vid: &Vid, issuer: &Leaf) -> Result<(), Fault> {
    if voucher.vid() != *vid {
        return Err(Fault::OtherVoucher);
    }
    if issuer.key != voucher.issuer {
        return Err(Fault::OtherKey("issuer's"));
    }
    issuer
        .check_signature("voucher", vid, &voucher.issuer_signature)
        .map_err(|_| Fault::Signature("voucher"))
}

/// Length of a promise.
pub(crate) fn check_promise(voucher: &Voucher) -> Result<(), Fault> {
    match voucher.promise.len() <= PROMISE_BYTES_MAX {
        true => Ok(()),
        false => Err(Fault::TooLong("the promise")),
    }
}

/// Length of a certificate, before it is parsed.
pub(crate) fn check_certificate_len(der: &[u8]) -> Result<(), Fault> {
    match der.len() <= CERTIFICATE_BYTES_MAX {
        true => Ok(()),
        false => Err(Fault::TooLong("a certificate")),
    }
}

/// Revocation statuses are not defined yet: one that is present is refused, never overlooked.
fn check_status(status: Option<&[u8]>) -> Result<(), Fault> {
    match status {
        None => Ok(()),
        Some(_) => Err(Fault::Status),
    }
}

pub(crate) fn check_third_parties(ids: usize) -> Result<(), Fault> {
    match ids <= THIRD_PARTY_IDS_MAX {
        true => Ok(()),
        false => Err(Fault::TooLong("the list of the third party's ids")),
    }
}

fn check_class(class: u8, demanded: u8) -> Result<(), Fault> {
    match class >= demanded {
        true => Ok(()),
        false => Err(Fault::Class { demanded, class }),
    }
}
