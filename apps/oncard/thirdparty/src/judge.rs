//! The decision, and the answers.

use libetp::EntityId;
use libetp::digest::Hash;
use libetp::params::thirdparty::{
    AbortRequest, OutcomeRecord, OutcomeRequest, ResolveRequest, ThirdPartyStatus,
};
use libetp::params::voucher::{Outcome, OutcomeBody, ThirdPartyOutcome, Xid};
use oncard_runtime::Context;

use crate::TAG_OUTCOME;
use crate::fault::Fault;
use crate::limits::{OUTCOMES_MAX, OUTCOMES_OF_CARD_MAX};
use crate::records;
use crate::request::{self, Asker};

/// mr1, signed by A_K: if nothing is decided, `[xid := resolved]`; answers S_A with what is.
pub(crate) fn resolve(request: &ResolveRequest, context: &mut Context<'_>) -> Result<(), Fault> {
    let body = &request.evidence.body;
    let asker = Asker {
        key: body.a_key,
        id: body.sa,
        tag: "resolve",
        signature: &request.signature,
        certificate: &request.certificate,
    };
    let xid = request::check(&request.evidence, &asker, context)?;
    decide(xid, Outcome::Resolved, &asker, context)
}

/// ma1, signed by B_K: if nothing is decided, `[xid := aborted]`; answers S_B with what is.
pub(crate) fn abort(request: &AbortRequest, context: &mut Context<'_>) -> Result<(), Fault> {
    let body = &request.evidence.body;
    let asker = Asker {
        key: body.b_key,
        id: body.sb,
        tag: "abort",
        signature: &request.signature,
        certificate: &request.certificate,
    };
    let xid = request::check(&request.evidence, &asker, context)?;
    decide(xid, Outcome::Aborted, &asker, context)
}

/// `outcome-request`: whoever knows an xid may know what was decided.
pub(crate) fn tell(
    asker: EntityId,
    request: &OutcomeRequest,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let decided = records::outcome(&request.xid, context)?;
    let record = OutcomeRecord {
        xid: request.xid,
        outcome: decided.map(|outcome| outcome as u8),
    };
    context.send(asker, record);
    Ok(())
}

/// `third-party-status-request`, of programs of the own domain only.
pub(crate) fn status(asker: EntityId, context: &mut Context<'_>) -> Result<(), Fault> {
    if asker.domain != context.identity().domain {
        return Err(Fault::OtherSender);
    }
    let service = context.service().ok_or(Fault::NoService)?.clone();
    let tally = records::tally(context)?;
    let status = ThirdPartyStatus {
        key: service.key,
        certificate: service.certificate,
        resolved: tally.resolved,
        aborted: tally.aborted,
    };
    context.send(asker, status);
    Ok(())
}

/// The outcome that a byte names, if it is one that a third party decides.
pub(crate) fn decision(byte: u8) -> Option<Outcome> {
    Outcome::from_u8(byte).filter(|outcome| matches!(outcome, Outcome::Resolved | Outcome::Aborted))
}

/// The answer goes to the card that the body names and that signed, whoever brought the request.
fn decide(
    xid: Xid,
    asked: Outcome,
    asker: &Asker<'_>,
    context: &mut Context<'_>,
) -> Result<(), Fault> {
    let outcome = match records::outcome(&xid, context)? {
        Some(decided) => decided,
        None => decide_first(xid, asked, &asker.key, context)?,
    };
    let answer = sign(xid, outcome, context)?;
    context.send(asker.id, answer);
    Ok(())
}

/// The asker pays: nobody can use up what is another card's.
fn decide_first(
    xid: Xid,
    asked: Outcome,
    card: &Hash,
    context: &mut Context<'_>,
) -> Result<Outcome, Fault> {
    let tally = records::tally(context)?;
    let of_card = records::asked(card, context)?;
    if tally.total() >= OUTCOMES_MAX {
        return Err(Fault::Full);
    }
    if of_card.outcomes >= OUTCOMES_OF_CARD_MAX {
        return Err(Fault::CardFull);
    }
    records::decide(&xid, asked, tally, context);
    records::count(card, of_card, context);
    Ok(asked)
}

fn sign(xid: Xid, outcome: Outcome, context: &Context<'_>) -> Result<ThirdPartyOutcome, Fault> {
    let body = OutcomeBody {
        xid,
        outcome: outcome as u8,
    };
    let signature = context.sign_for_service(TAG_OUTCOME, &body);
    let service = context.service().ok_or(Fault::NoService)?;
    Ok(ThirdPartyOutcome {
        xid,
        outcome: outcome as u8,
        signature: signature.ok_or(Fault::NoService)?,
        certificate: service.certificate.clone(),
    })
}
