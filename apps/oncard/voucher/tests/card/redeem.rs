//! Redeem: a voucher leaves for good, with one signature however often it is asked for.

use etp_pki::{Role, verify};
use libetp::params::runtime::RefusalCode;
use libetp::params::voucher::{
    ForgetRedemption, ReceiptBody, Redeem, RedeemBody, RedeemReceipt, Redeemed, Vid,
};
use simulator::world::{Holder, World};

use crate::bench::{Pair, count, one, refusal};
use libetp::Mtype;

fn order(by: &Holder, vid: Vid, challenge: u8) -> Redeem {
    let body = RedeemBody {
        vid,
        challenge: [challenge; 32],
        redeemer: by.key_id(),
    };
    Redeem {
        vid,
        challenge: body.challenge,
        redeemer_certificate: by.certificate.clone(),
        signature: by.sign("redeem", &body),
    }
}

fn receipt(by: &Holder, vid: Vid, challenge: u8) -> RedeemReceipt {
    let body = ReceiptBody {
        vid,
        challenge: [challenge; 32],
    };
    RedeemReceipt {
        vid,
        signature: by.sign("receipt", &body),
    }
}

#[track_caller]
fn check_signature(world: &World, redeemed: &Redeemed) {
    let card = verify(&redeemed.certificate, Role::Card, &world.anchors()).unwrap();
    let body = RedeemBody {
        vid: redeemed.vid,
        challenge: redeemed.challenge,
        redeemer: redeemed.redeemer,
    };
    card.check_signature("redeemed", &body, &redeemed.signature)
        .unwrap();
}

#[test]
fn a_redemption_is_forgotten_by_order_and_only_once() {
    let mut pair = Pair::new();
    let forget = ForgetRedemption { vid: pair.vid1 };
    assert_eq!(pair.a_refuses(&forget), RefusalCode::NotFound);
    let redeem = order(&pair.world.redeemer, pair.vid1, 1);
    pair.a.order(&redeem);
    pair.a.order(&forget);
    assert!(pair.a.holdings().redeemed.is_empty());
    assert_eq!(pair.a_refuses(&forget), RefusalCode::NotFound);
    assert_eq!(pair.a_refuses(&redeem), RefusalCode::NotFound);
}

#[test]
fn a_redeemed_voucher_is_gone_and_the_card_says_so_again_and_again() {
    let mut pair = Pair::new();
    let redeem = order(&pair.world.redeemer, pair.vid1, 1);
    let first: Redeemed = one(&pair.a.order(&redeem));
    check_signature(&pair.world, &first);
    assert!(!pair.a.holdings().held.contains(&pair.vid1));
    assert_eq!(one::<Redeemed>(&pair.a.order(&redeem)), first);
    let other = order(&pair.world.redeemer, pair.vid1, 2);
    assert_eq!(pair.a_refuses(&other), RefusalCode::State);
    let receipt = receipt(&pair.world.redeemer, pair.vid1, 1);
    let src = pair.a.wallet.id;
    assert_eq!(pair.a.tell(src, receipt.clone()), vec![]);
    assert!(pair.a.holdings().redeemed.is_empty());
    assert_eq!(pair.a_refuses(&redeem), RefusalCode::NotFound);
    assert_eq!(
        refusal(&pair.a.tell(src, receipt)),
        Some(RefusalCode::NotFound)
    );
}

#[test]
fn a_receipt_of_somebody_else_frees_nothing() {
    let mut pair = Pair::new();
    let redeem = order(&pair.world.redeemer, pair.vid1, 1);
    pair.a.order(&redeem);
    let before = pair.a.holdings();
    let forged = [
        receipt(&pair.world.issuer, pair.vid1, 1),
        receipt(&pair.world.redeemer, pair.vid1, 2),
    ];
    let src = pair.a.wallet.id;
    for receipt in forged {
        assert_eq!(
            refusal(&pair.a.tell(src, receipt)),
            Some(RefusalCode::Certificate)
        );
        assert_eq!(pair.a.holdings(), before);
    }
}

#[test]
fn only_the_redeemer_that_the_voucher_names_redeems() {
    let mut pair = Pair::new();
    let other = pair
        .world
        .holder(Role::Redeemer, "another redeemer")
        .unwrap();
    let service = pair.world.holder(Role::Service, "a service").unwrap();
    for holder in [&other, &service] {
        let forged = order(holder, pair.vid1, 1);
        assert_eq!(pair.a_refuses(&forged), RefusalCode::Certificate);
    }
    let forged = order(&pair.world.issuer, pair.vid1, 1);
    assert_eq!(pair.a_refuses(&forged), RefusalCode::Certificate);
    let mut in_its_name = order(&other, pair.vid1, 1);
    let body = RedeemBody {
        vid: pair.vid1,
        challenge: [1; 32],
        redeemer: pair.world.redeemer.key_id(),
    };
    in_its_name.signature = other.sign("redeem", &body);
    assert_eq!(pair.a_refuses(&in_its_name), RefusalCode::Certificate);
    let mut unsigned = order(&pair.world.redeemer, pair.vid1, 1);
    unsigned.signature[0] ^= 1;
    assert_eq!(pair.a_refuses(&unsigned), RefusalCode::Certificate);
    let mut absent = order(&pair.world.redeemer, pair.vid2, 1);
    absent.vid = pair.vid2;
    assert_eq!(pair.a_refuses(&absent), RefusalCode::NotFound);
}

#[test]
fn without_a_named_redeemer_the_issuer_redeems() {
    let mut pair = Pair::new();
    let mut draft = pair.world.voucher(8, b"one bun", 0);
    draft.redeemer = None;
    let voucher = pair.world.signed(draft);
    let vid = pair.a.issue(&pair.world, &voucher);
    let by_redeemer = order(&pair.world.redeemer, vid, 1);
    assert_eq!(pair.a_refuses(&by_redeemer), RefusalCode::Certificate);
    let by_issuer = order(&pair.world.issuer, vid, 1);
    let redeemed: Redeemed = one(&pair.a.order(&by_issuer));
    assert_eq!(redeemed.redeemer, pair.world.issuer.key_id());
}

#[test]
fn a_voucher_in_a_running_exchange_cannot_be_redeemed() {
    let mut pair = Pair::new();
    pair.agreement();
    let redeem = order(&pair.world.redeemer, pair.vid2, 1);
    let before = pair.b.holdings();
    let answers = pair.b.order(&redeem);
    assert_eq!(refusal(&answers), Some(RefusalCode::NotFound));
    assert_eq!(count(&answers, Mtype::REDEEMED), 0);
    assert_eq!(pair.b.holdings(), before);
}
