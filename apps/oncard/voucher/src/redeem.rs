//! Redeem: a voucher leaves for good, and the card says so with one signature, as often as
//! it is asked, until the redeemer has it.

use etp_pki::{Leaf, Role};
use libetp::EntityId;
use libetp::params::voucher::{
    ForgetRedemption, ReceiptBody, Redeem, RedeemBody, RedeemReceipt, Redeemed,
    RedemptionForgotten, Voucher,
};

use crate::fault::Fault;
use crate::ledger::Ledger;
use crate::limits::REDEMPTIONS_MAX;
use crate::records::{Held, Redemption};

/// `redeem`: `[delete the voucher, insert REDEEMED]`, or the same answer again.
pub(crate) fn redeem(
    owner: EntityId,
    order: &Redeem,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    if let Some(done) = ledger.get::<Redemption>(&order.vid)? {
        return repeat(owner, order, &done, ledger);
    }
    let held = ledger.get::<Held>(&order.vid)?;
    let voucher = held.ok_or(Fault::NotFound("voucher"))?.voucher;
    let redeemer = verify(order, &voucher, ledger)?;
    if ledger.all::<Redemption>()?.len() >= REDEMPTIONS_MAX {
        return Err(Fault::Limit("receipts outstanding", REDEMPTIONS_MAX as u64));
    }
    let body = RedeemBody {
        vid: order.vid,
        challenge: order.challenge,
        redeemer: redeemer.key,
    };
    let done = Redemption {
        signature: ledger.context.sign("redeemed", &body),
        body,
        redeemer_public: redeemer.public,
        ordered_by: owner,
    };
    ledger.delete::<Held>(&order.vid);
    ledger.count_redeemed()?;
    ledger.put(&order.vid, &done);
    ledger.send(owner, answer(&done, ledger));
    Ok(())
}

/// `redeem-receipt`: the redeemer has the answer, the record may go.
pub(crate) fn receipt(receipt: &RedeemReceipt, ledger: &mut Ledger<'_, '_>) -> Result<(), Fault> {
    let found = ledger.get::<Redemption>(&receipt.vid)?;
    let done = found.ok_or(Fault::NotFound("redemption"))?;
    let body = ReceiptBody {
        vid: receipt.vid,
        challenge: done.body.challenge,
    };
    etp_pki::check_signature(&done.redeemer_public, "receipt", &body, &receipt.signature)
        .map_err(|_| Fault::Signature("receipt"))?;
    ledger.delete::<Redemption>(&receipt.vid);
    Ok(())
}

/// `forget-redemption`: the owner does without the receipt, which a redeemer may never give.
pub(crate) fn forget(
    owner: EntityId,
    order: &ForgetRedemption,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    let vid = order.vid;
    let found = ledger.get::<Redemption>(&vid)?;
    found.ok_or(Fault::NotFound("redemption"))?;
    ledger.delete::<Redemption>(&vid);
    ledger.send(owner, RedemptionForgotten { vid });
    Ok(())
}

fn repeat(
    owner: EntityId,
    order: &Redeem,
    done: &Redemption,
    ledger: &mut Ledger<'_, '_>,
) -> Result<(), Fault> {
    if order.challenge != done.body.challenge {
        return Err(Fault::State("redeemed under another challenge"));
    }
    ledger.send(owner, answer(done, ledger));
    Ok(())
}

fn answer(done: &Redemption, ledger: &Ledger<'_, '_>) -> Redeemed {
    Redeemed {
        vid: done.body.vid,
        challenge: done.body.challenge,
        redeemer: done.body.redeemer,
        signature: done.signature,
        certificate: ledger.certificate(),
    }
}

/// The redeemer that the voucher names, or its issuer when it names none; each with the
/// certificate of its own role.
fn verify(order: &Redeem, voucher: &Voucher, ledger: &mut Ledger<'_, '_>) -> Result<Leaf, Fault> {
    let (role, key) = match voucher.redeemer {
        Some(key) => (Role::Redeemer, key),
        None => (Role::Issuer, voucher.issuer),
    };
    let redeemer = ledger.verify(role, &order.redeemer_certificate)?;
    if redeemer.key != key {
        return Err(Fault::OtherKey("redeemer's"));
    }
    let body = RedeemBody {
        vid: order.vid,
        challenge: order.challenge,
        redeemer: key,
    };
    redeemer
        .check_signature("redeem", &body, &order.signature)
        .map_err(|_| Fault::Signature("redeem"))?;
    Ok(redeemer)
}
