//! S_B takes m3: v1 is stored, m4 lets the other card finish.

use etp_pki::Role;
use libetp::codec;
use libetp::digest::sha256;
use libetp::params::voucher::{Commitment, Confirmation, Outcome, n2_hash};

use super::result;
use crate::checks;
use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::limits::COMMITTED_MAX;
use crate::records::{Committed, Exchange, Secret, Side, Stage, Wanted};

/// m3 signed by A_K in WAIT: `[store v1, state := DONE]`, send m4 and the result.
/// In DONE the same m3 gets the same m4. ABORTING ignores m3.
pub(crate) fn confirmation(
    message: &Confirmation,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let digest = sha256(&codec::to_vec(message));
    if let Some(done) = ledger.get::<Committed>(&message.xid)? {
        return repeat(message, &done, digest, ledger);
    }
    let found = ledger.get::<Exchange>(&message.xid)?;
    let exchange = found.ok_or(Fault::NotFound("exchange"))?;
    let n2 = secret(&exchange, ledger)?;
    verify(message, &exchange, ledger)?;
    let done = Committed {
        order: make_room(ledger)?,
        n1: exchange.n1,
        n2,
        sa: exchange.peer(),
        confirmation: digest,
    };
    let wanted = ledger.get::<Wanted>(&message.xid)?;
    let wanted = wanted.ok_or(Fault::NotFound("voucher"))?;
    ledger.remove_exchange(&message.xid);
    ledger.hold(&exchange.vid1, &wanted.held)?;
    ledger.put(&message.xid, &done);
    send_m4(message, &done, ledger);
    result::report(&result::ended(&exchange, Outcome::Completed), ledger);
    Ok(())
}

fn repeat(
    message: &Confirmation,
    done: &Committed,
    digest: [u8; 32],
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    if done.confirmation != digest {
        return Err(Fault::State("another confirmation was taken"));
    }
    send_m4(message, done, ledger);
    Ok(())
}

/// n2, if the exchange waits for m3.
fn secret(exchange: &Exchange, ledger: &Ledger<'_, '_>) -> Result<Secret, Fault> {
    let (Side::Agreeing, Stage::Wait, Some(veiled)) = (exchange.side, exchange.stage, &exchange.n2)
    else {
        return Err(Fault::State(
            "the exchange does not wait for a confirmation",
        ));
    };
    let n2 = ledger.veil(&exchange.xid(), veiled);
    match n2_hash(&n2.0) == exchange.evidence.body.h2 {
        true => Ok(n2),
        false => Err(Fault::OtherSecret),
    }
}

/// cert_A and its signature over xid, by the key and domain that the agreement binds. The
/// certificate of m1 stays good even if the scheme's epoch has moved on since: both cards have
/// given their vouchers, and revocation stops entry, never recovery.
fn verify(
    message: &Confirmation,
    exchange: &Exchange,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let body = &exchange.evidence.body;
    let card = match message.certificate == exchange.certificate_a {
        true => ledger.verify_admitted(Role::Card, &message.certificate)?,
        false => ledger.verify(Role::Card, &message.certificate)?,
    };
    checks::peer_card(&card, &body.a_key, body.sa, &[])?;
    card.check_signature("confirm", &message.xid, &message.signature)
        .map_err(|_| Fault::Signature("confirmation"))
}

/// The number of the next commit; drops the oldest when there is no room.
fn make_room(ledger: &mut Ledger<'_, '_>) -> Result<u64, Fault> {
    let mut done = ledger.all::<Committed>()?;
    done.sort_by_key(|(_, done)| done.order);
    let next = done
        .last()
        .map_or(0, |(_, newest)| newest.order.saturating_add(1));
    if done.len() >= COMMITTED_MAX
        && let Some((oldest, _)) = done.first()
    {
        ledger.delete::<Committed>(oldest);
    }
    Ok(next)
}

fn send_m4(message: &Confirmation, done: &Committed, ledger: &mut Ledger<'_, '_>) {
    let commitment = Commitment {
        xid: message.xid,
        n2: done.n2.0,
    };
    ledger.send(done.sa, commitment);
}
