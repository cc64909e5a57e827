//! When the other card does not go on: the third party ends the exchange.
//!
//! S_A may ask it to resolve, S_B to abort, each as often as its owner likes. From then on S_B
//! takes no m3, so it cannot commit what it asked to abort. The third party gives the first who
//! asks what it asks for, and the other the same answer.

use etp_pki::Role;
use libetp::EntityId;
use libetp::codec::List;
use libetp::params::Param;
use libetp::params::thirdparty::{AbortRequest, ResolveRequest};
use libetp::params::voucher::{
    Disputed, OrderAbort, OrderResolve, Outcome, OutcomeBody, ThirdPartyOutcome, Vid, Xid,
};

use super::result;
use crate::checks::check_third_parties;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::records::{Exchange, Given, Held, Side, Stage, Wanted};

/// `order-resolve` at S_A: `[state := RESOLVING]`, send mr1; again at each repetition.
pub(crate) fn resolve(
    owner: EntityId,
    order: &OrderResolve,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let exchange = enter(
        Stage::Resolving,
        owner,
        &order.xid,
        &order.third_party_ids,
        ledger,
    )?;
    let request = ResolveRequest {
        signature: ledger.context.sign("resolve", &order.xid),
        certificate: ledger.certificate(),
        evidence: exchange.evidence.clone(),
    };
    ask(&exchange, &request, ledger);
    Ok(())
}

/// `order-abort` at S_B: `[state := ABORTING]`, send ma1; again at each repetition.
pub(crate) fn abort(
    owner: EntityId,
    order: &OrderAbort,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let exchange = enter(
        Stage::Aborting,
        owner,
        &order.xid,
        &order.third_party_ids,
        ledger,
    )?;
    let request = AbortRequest {
        signature: ledger.context.sign("abort", &order.xid),
        certificate: ledger.certificate(),
        evidence: exchange.evidence.clone(),
    };
    ask(&exchange, &request, ledger);
    Ok(())
}

/// The third party's word, asked for or not: `[store v1 or v2, remove record]`, result.
pub(crate) fn outcome(
    message: &ThirdPartyOutcome,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let exchange = running(&message.xid, ledger)?;
    let outcome = decided(message.outcome)?;
    verify(message, &exchange, ledger)?;
    let (vid, held) = mine(&exchange, outcome, ledger)?;
    ledger.remove_exchange(&message.xid);
    ledger.hold(&vid, &held)?;
    result::report(&result::ended(&exchange, outcome), ledger);
    Ok(())
}

fn running(xid: &Xid, ledger: &Ledger<'_, '_>) -> Result<Exchange, Fault> {
    let found = ledger.get::<Exchange>(xid)?;
    found.ok_or(Fault::NotFound("running exchange"))
}

/// Each side has one stage to enter. The owner that orders a dispute is the one that waits for the
/// result. Where the third party is reached may have changed since the agreement, or was wrong in
/// m1: nothing vouches for it.
fn enter(
    stage: Stage,
    owner: EntityId,
    xid: &Xid,
    third_party_ids: &List<EntityId>,
    ledger: &mut Ledger<'_, '_>,
) -> Result<Exchange, Fault> {
    let exchange = running(xid, ledger)?;
    check_side(exchange.side, stage)?;
    check_third_parties(third_party_ids.0.len())?;
    let third_party_ids = match third_party_ids.0.is_empty() {
        true => exchange.third_party_ids,
        false => third_party_ids.clone(),
    };
    if third_party_ids.0.is_empty() {
        return Err(Fault::NoThirdPartyIds);
    }
    let exchange = Exchange {
        stage,
        ordered_by: owner,
        third_party_ids,
        ..exchange
    };
    ledger.put(&exchange.xid(), &exchange);
    Ok(exchange)
}

fn check_side(side: Side, stage: Stage) -> Result<(), Fault> {
    match (side, stage) {
        (Side::Offering, Stage::Resolving) | (Side::Agreeing, Stage::Aborting) => Ok(()),
        (Side::Offering, _) => Err(Fault::State(
            "the card that offered cannot abort what is agreed, it can resolve",
        )),
        (Side::Agreeing, _) => Err(Fault::State(
            "the card that agreed cannot resolve, it can abort",
        )),
    }
}

/// Sends the request to every id of the third party, and tells the owner.
fn ask<P: Param + Clone>(exchange: &Exchange, request: &P, ledger: &mut Ledger<'_, '_>) {
    let disputed = Disputed {
        xid: exchange.xid(),
        state: exchange.stage as u8,
    };
    ledger.send(exchange.ordered_by, disputed);
    for id in &exchange.third_party_ids.0 {
        ledger.send(*id, request.clone());
    }
}

fn decided(outcome: u8) -> Result<Outcome, Fault> {
    match Outcome::from_u8(outcome) {
        Some(outcome @ (Outcome::Resolved | Outcome::Aborted)) => Ok(outcome),
        _ => Err(Fault::Outcome),
    }
}

/// The key that both cards named, in the role of a third party, whatever its epoch: revocation
/// stops entry, never recovery.
fn verify(
    message: &ThirdPartyOutcome,
    exchange: &Exchange,
    ledger: &Ledger<'_, '_>,
) -> Result<(), Fault> {
    let third_party = ledger.verify_admitted(Role::Service, &message.certificate)?;
    if third_party.key != exchange.evidence.body.third_party {
        return Err(Fault::OtherKey("third party's"));
    }
    let body = OutcomeBody {
        xid: message.xid,
        outcome: message.outcome,
    };
    third_party
        .check_signature("outcome", &body, &message.signature)
        .map_err(|_| Fault::Signature("outcome"))
}

/// What this card has after an outcome: the wanted voucher, or its own again.
fn mine(
    exchange: &Exchange,
    outcome: Outcome,
    ledger: &Ledger<'_, '_>,
) -> Result<(Vid, Held), Fault> {
    let xid = exchange.xid();
    let found = match outcome {
        Outcome::Resolved => ledger.get::<Wanted>(&xid)?.map(|wanted| wanted.held),
        _ => ledger.get::<Given>(&xid)?.map(|given| given.held),
    };
    let vid = match outcome {
        Outcome::Resolved => exchange.want(),
        _ => exchange.give(),
    };
    Ok((vid, found.ok_or(Fault::NotFound("voucher"))?))
}
