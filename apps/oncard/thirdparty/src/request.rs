//! Whether a request is one that the third party must decide on.

use etp_pki::{Leaf, Role, Subject};
use libetp::EntityId;
use libetp::digest::{Hash, SUITE};
use libetp::limits::CERTIFICATE_BYTES_MAX;
use libetp::params::voucher::{Evidence, Xid};
use oncard_runtime::Context;

use crate::fault::Fault;

/// Checks the evidence, and the asker's certificate and signature with `tag` over the xid. The asker
/// is S_A or S_B of the body: `key` and `id`.
///
/// Certificates of every epoch do: revocation stops entry into exchanges, never their end.
pub(crate) fn check(
    evidence: &Evidence,
    asker: &Asker<'_>,
    context: &Context<'_>,
) -> Result<Xid, Fault> {
    let body = &evidence.body;
    let me = context.service().ok_or(Fault::NoService)?;
    if body.suite != SUITE || body.third_party != me.key {
        return Err(Fault::NotForMe);
    }
    if body.a_key == body.b_key {
        return Err(Fault::SelfExchange);
    }
    let xid = body.xid();
    let card = card(asker.certificate, &asker.key, asker.id, context)?;
    card.check_signature(asker.tag, &xid, asker.signature)
        .map_err(|_| Fault::Signature("request"))?;
    let agreeing = card_of_agreement(evidence, context)?;
    agreeing
        .check_signature("agree", body, &evidence.signature)
        .map_err(|_| Fault::Signature("agreement"))?;
    Ok(xid)
}

/// Who asks, and how it shows that.
pub(crate) struct Asker<'r> {
    pub(crate) key: Hash,
    pub(crate) id: EntityId,
    pub(crate) tag: &'static str,
    pub(crate) signature: &'r [u8; 64],
    pub(crate) certificate: &'r [u8],
}

fn card_of_agreement(evidence: &Evidence, context: &Context<'_>) -> Result<Leaf, Fault> {
    let body = &evidence.body;
    card(&evidence.certificate, &body.b_key, body.sb, context)
}

/// A certificate of a card with that key and domain.
fn card(der: &[u8], key: &Hash, id: EntityId, context: &Context<'_>) -> Result<Leaf, Fault> {
    if der.len() > CERTIFICATE_BYTES_MAX {
        return Err(Fault::TooLong);
    }
    let leaf = context.verify_admitted(Role::Card, der)?;
    if leaf.key != *key || leaf.subject != Subject::Domain(id.domain) {
        return Err(Fault::OtherKey);
    }
    Ok(leaf)
}
