//! X: what a broken card with a good certificate can sign, as far as anybody might take it.

use libetp::codec::List;
use libetp::digest::{Hash, SUITE};
use libetp::params::thirdparty::{AbortRequest, ResolveRequest};
use libetp::params::voucher::{
    Agreement, AgreementBody, Commitment, Confirmation, Evidence, Offer, Outcome, OutcomeBody,
    ThirdPartyOutcome, Xid, exchange_hash, n2_hash,
};

use super::cast::{CARDS, Cast, nonce};
use super::letter::Letter;

/// Secrets that X draws; two, so that it can agree twice to one offer.
const SECRETS: [&str; 2] = ["x n2", "x other n2"];

/// An agreement that somebody signed: what X learns from m2, or makes.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) xid: Xid,
    pub(crate) evidence: Evidence,
}

impl Known {
    pub(crate) fn of(m2: &Agreement) -> Self {
        Self {
            xid: m2.body.xid(),
            evidence: Evidence {
                body: m2.body.clone(),
                signature: m2.signature,
                certificate: m2.certificate.clone(),
                status: m2.status.clone(),
            },
        }
    }
}

fn letter(cast: &Cast, param: &impl libetp::params::Param) -> Letter {
    Letter::new(cast.x.id, param)
}

/// m1 of X: every voucher for every other one. Vouchers are no secrets. Offers of one voucher share
/// their n1.
pub(crate) fn offers(cast: &Cast) -> Vec<Offer> {
    let third_party = &cast.actors[CARDS];
    let mut offers = Vec::new();
    for (give, _, voucher) in &cast.vouchers {
        let others = cast.vouchers.iter().filter(|(name, ..)| name != give);
        offers.extend(others.map(|(_, want, _)| Offer {
            sa: cast.x.id,
            a_key: cast.x.holder.key_id(),
            voucher1: voucher.clone(),
            issuer_certificate1: cast.world.issuer.certificate.clone(),
            vid2: *want,
            n1: nonce(&format!("x n1 {give}")),
            third_party: third_party.key,
            third_party_ids: List(vec![third_party.id]),
            certificate: cast.x.holder.certificate.clone(),
            status: None,
        }));
    }
    offers
}

/// The same m1 under X's name.
pub(crate) fn usurped(cast: &Cast, offer: &Offer) -> Offer {
    Offer {
        sa: cast.x.id,
        a_key: cast.x.holder.key_id(),
        certificate: cast.x.holder.certificate.clone(),
        ..offer.clone()
    }
}

/// m2 of X to an offer, whomever it was for: twice with secrets of its own, and naming a third
/// party that there is not.
pub(crate) fn agreements(cast: &Cast, offer: &Offer) -> Vec<Agreement> {
    let [one, two] = SECRETS.map(|secret| n2_hash(&nonce(secret)));
    let other = nonce("key of no third party");
    let choices = [
        (one, offer.third_party),
        (two, offer.third_party),
        (one, other),
    ];
    choices
        .into_iter()
        .filter_map(|(h2, judge)| agreement(cast, offer, h2, judge))
        .collect()
}

/// m2 of X with any h2 and any third party.
pub(crate) fn agreement(
    cast: &Cast,
    offer: &Offer,
    h2: Hash,
    third_party: Hash,
) -> Option<Agreement> {
    let (vid1, b_key) = (offer.voucher1.vid(), cast.x.holder.key_id());
    let body = AgreementBody {
        suite: SUITE,
        a_key: offer.a_key,
        b_key,
        third_party,
        sa: offer.sa,
        sb: cast.x.id,
        hx: exchange_hash(
            &offer.a_key,
            &b_key,
            &third_party,
            &vid1,
            &offer.vid2,
            &offer.n1,
        ),
        h2,
    };
    let at = cast.index(&offer.vid2)?;
    Some(Agreement {
        signature: cast.x.holder.sign("agree", &body),
        body,
        certificate: cast.x.holder.certificate.clone(),
        status: None,
        voucher2: cast.vouchers[at].2.clone(),
        issuer_certificate2: cast.world.issuer.certificate.clone(),
    })
}

/// The same m2 with a voucher that no issuer signed.
pub(crate) fn with_false_voucher(cast: &Cast, m2: &Agreement) -> Agreement {
    let mut m2 = m2.clone();
    let vid = m2.voucher2.vid();
    m2.voucher2.issuer_signature = cast.x.holder.sign("voucher", &vid);
    m2
}

/// m3 of X for anybody's exchange.
pub(crate) fn confirmation(cast: &Cast, xid: Xid) -> Letter {
    let confirmation = Confirmation {
        xid,
        signature: cast.x.holder.sign("confirm", &xid),
        certificate: cast.x.holder.certificate.clone(),
    };
    letter(cast, &confirmation)
}

/// m4 of X, with its own secrets or one that was revealed.
pub(crate) fn commitments(cast: &Cast, known: &Known, revealed: &[[u8; 32]]) -> Vec<Letter> {
    let own = SECRETS.map(nonce);
    let secrets = own.iter().chain(revealed);
    let fitting = secrets.filter(|n2| n2_hash(n2) == known.evidence.body.h2);
    let commitment = |n2: &[u8; 32]| {
        let xid = known.xid;
        letter(cast, &Commitment { xid, n2: *n2 })
    };
    fitting.map(commitment).collect()
}

/// mr1 and ma1 of X about anybody's exchange.
pub(crate) fn requests(cast: &Cast, known: &Known) -> [Letter; 2] {
    let certificate = cast.x.holder.certificate.clone();
    let sign = |tag: &str| cast.x.holder.sign(tag, &known.xid);
    let resolve = ResolveRequest {
        evidence: known.evidence.clone(),
        signature: sign("resolve"),
        certificate: certificate.clone(),
    };
    let abort = AbortRequest {
        evidence: known.evidence.clone(),
        signature: sign("abort"),
        certificate,
    };
    [letter(cast, &resolve), letter(cast, &abort)]
}

/// Outcomes that X signs with its card's key, as if it were a third party.
pub(crate) fn outcomes(cast: &Cast, xid: Xid) -> [Letter; 2] {
    [Outcome::Resolved, Outcome::Aborted].map(|outcome| {
        let body = OutcomeBody {
            xid,
            outcome: outcome as u8,
        };
        let forged = ThirdPartyOutcome {
            xid,
            outcome: body.outcome,
            signature: cast.x.holder.sign("outcome", &body),
            certificate: cast.x.holder.certificate.clone(),
        };
        letter(cast, &forged)
    })
}

/// m1 of X with vouchers that no issuer signed.
pub(crate) fn false_offers(cast: &Cast) -> Vec<Offer> {
    let mut offers = offers(cast);
    for offer in &mut offers {
        offer.voucher1.serial = [0xff; 16];
        offer.voucher1.issuer_signature = cast.x.holder.sign("voucher", &offer.voucher1.vid());
    }
    offers
}
