//! S_B: what its owner accepts, and what the card refuses all the same.

use etp_pki::Role;
use libetp::Mtype;
use libetp::codec::List;
use libetp::params::runtime::RefusalCode;
use libetp::params::voucher::{Agreement, Offer, exchange_hash};

use crate::bench::{Pair, count, one, refusal, seat, seat_of_class};

#[test]
fn v2_is_given_and_m2_binds_everything() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    let answers = pair.b.accept(&offer);
    let m2: Agreement = one(&answers);
    assert_eq!(answers.last().unwrap().header.dst, pair.a.id());
    let body = &m2.body;
    let (a_key, b_key) = (pair.a.blank.key, pair.b.blank.key);
    assert_eq!((body.a_key, body.b_key), (a_key, b_key));
    assert_eq!((body.sa, body.sb), (pair.a.id(), pair.b.id()));
    let third_party = pair.world.third_party;
    let hx = exchange_hash(
        &a_key,
        &b_key,
        &third_party,
        &pair.vid1,
        &pair.vid2,
        &offer.n1,
    );
    assert_eq!((body.third_party, body.hx), (third_party, hx));
    assert_eq!(m2.voucher2.vid(), pair.vid2);
    let held = pair.b.holdings();
    assert!(!held.held.contains(&pair.vid2) && held.running.contains_key(&body.xid()));
}

#[test]
fn the_same_order_sends_the_same_m2() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    let first: Agreement = one(&pair.b.accept(&offer));
    let before = pair.b.holdings();
    let second: Agreement = one(&pair.b.accept(&offer));
    assert_eq!(first, second);
    assert_eq!(pair.b.holdings(), before);
}

#[test]
fn an_altered_repetition_is_refused() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    let other = pair.world.voucher(3, b"one tea", 0);
    pair.b.accept(&offer);
    let changes: [fn(&mut Offer); 4] = [
        |m1| m1.a_key[0] ^= 1,
        |m1| m1.sa.domain.0[5] ^= 1,
        |m1| m1.third_party[0] ^= 1,
        |m1| m1.vid2[0] ^= 1,
    ];
    for change in changes {
        let mut altered = offer.clone();
        change(&mut altered);
        assert_eq!(pair.b_refuses(&altered), RefusalCode::State);
    }
    let mut altered = offer;
    altered.voucher1 = other;
    assert_eq!(pair.b_refuses(&altered), RefusalCode::State);
}

/// A change of m1, by name, and how the card refuses it.
type Case = (&'static str, RefusalCode, fn(&mut Offer));

#[track_caller]
fn all_are_refused(cases: &[Case]) {
    let mut pair = Pair::new();
    let offer = pair.offer();
    for (name, code, change) in cases {
        let mut altered = offer.clone();
        change(&mut altered);
        assert_eq!(pair.b_refuses(&altered), *code, "{name}");
    }
    assert_eq!(count(&pair.b.accept(&offer), Mtype::AGREEMENT), 1);
}

#[test]
fn a_voucher_that_is_not_its_issuers_is_refused() {
    all_are_refused(&[
        ("another promise", RefusalCode::Voucher, |m1| {
            m1.voucher1.promise.push(b'!');
        }),
        ("another serial", RefusalCode::Voucher, |m1| {
            m1.voucher1.serial[0] ^= 1;
        }),
        ("a forged signature", RefusalCode::Voucher, |m1| {
            m1.voucher1.issuer_signature[0] ^= 1;
        }),
        ("another issuer", RefusalCode::Certificate, |m1| {
            m1.voucher1.issuer[0] ^= 1;
        }),
        ("no certificate", RefusalCode::Certificate, |m1| {
            m1.issuer_certificate1.clear();
        }),
        ("a card's certificate", RefusalCode::Certificate, |m1| {
            m1.issuer_certificate1 = m1.certificate.clone();
        }),
    ]);
}

#[test]
fn a_card_that_is_not_the_certified_one_is_refused() {
    all_are_refused(&[
        ("an issuer's certificate", RefusalCode::Certificate, |m1| {
            m1.certificate = m1.issuer_certificate1.clone();
        }),
        ("another key", RefusalCode::Certificate, |m1| {
            m1.a_key[0] ^= 1;
        }),
        ("another id", RefusalCode::Certificate, |m1| {
            m1.sa.domain.0[5] ^= 1;
        }),
        ("a program's id", RefusalCode::Malformed, |m1| {
            m1.sa.port.0 = 1;
        }),
        ("a status", RefusalCode::Certificate, |m1| {
            m1.status = Some(vec![1]);
        }),
    ]);
}

#[test]
fn other_terms_are_refused() {
    all_are_refused(&[
        ("an unknown third party", RefusalCode::ThirdParty, |m1| {
            m1.third_party[0] ^= 1;
        }),
        ("a voucher that is not here", RefusalCode::NotFound, |m1| {
            m1.vid2[0] ^= 1;
        }),
    ]);
}

#[test]
fn a_card_does_not_exchange_with_itself() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    let mut own_key = offer.clone();
    own_key.a_key = pair.b.blank.key;
    let mut own_id = offer;
    own_id.sa = pair.b.id();
    assert_eq!(pair.b_refuses(&own_key), RefusalCode::State);
    assert_eq!(pair.b_refuses(&own_id), RefusalCode::State);
}

#[test]
fn an_issuer_outside_the_scheme_is_unknown() {
    let mut pair = Pair::new();
    let elsewhere = simulator::world::World::new("elsewhere").unwrap();
    let mut offer = pair.offer();
    offer.voucher1 = elsewhere.voucher(7, b"gold", 0);
    offer.issuer_certificate1 = elsewhere.issuer.certificate;
    assert_eq!(pair.b_refuses(&offer), RefusalCode::Certificate);
}

#[test]
fn every_other_role_is_refused_as_issuer_and_as_card() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    for role in [Role::Redeemer, Role::Service, Role::OffCard] {
        let holder = pair.world.holder(role, role.name()).unwrap();
        let mut forged = offer.clone();
        forged.voucher1.issuer = holder.key_id();
        forged.voucher1.issuer_signature = holder.sign("voucher", &forged.voucher1.vid());
        forged.issuer_certificate1 = holder.certificate.clone();
        assert_eq!(
            pair.b_refuses(&forged),
            RefusalCode::Certificate,
            "issuer {role}"
        );
        let mut forged = offer.clone();
        forged.a_key = holder.key_id();
        forged.certificate = holder.certificate;
        assert_eq!(
            pair.b_refuses(&forged),
            RefusalCode::Certificate,
            "card {role}"
        );
    }
}

#[test]
fn a_voucher_that_is_held_or_expected_is_not_taken_twice() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    let mut held = offer.clone();
    held.voucher1 = pair.world.voucher(2, b"one cake", 0);
    assert_eq!(pair.b_refuses(&held), RefusalCode::Reserved, "held");
    let other = pair.world.voucher(3, b"one tea", 0);
    let vid3 = pair.b.issue(&pair.world, &other);
    assert_eq!(refusal(&pair.b.accept(&offer)), None);
    let mut expected = offer.clone();
    expected.vid2 = vid3;
    expected.n1 = [5; 32];
    assert_eq!(pair.b_refuses(&expected), RefusalCode::Reserved, "expected");
}

#[test]
fn n1_names_one_exchange_on_a_card() {
    let mut pair = Pair::new();
    let mut other = seat(&pair.world, "another card");
    let vid3 = other.issue(&pair.world, &pair.world.voucher(3, b"one tea", 0));
    let vid4 = pair
        .b
        .issue(&pair.world, &pair.world.voucher(4, b"one bun", 0));
    let mine = pair.offer();
    let mut order = pair.start_order();
    (order.vid1, order.vid2) = (vid3, vid4);
    let mut copied: Offer = one(&other.order(&order));
    copied.n1 = mine.n1;
    pair.b.accept(&mine);
    assert_eq!(pair.b_refuses(&copied), RefusalCode::State);
}

#[test]
fn both_cards_must_be_of_the_class_that_both_vouchers_demand() {
    let mut pair = Pair::new();
    let high = pair.world.voucher(5, b"one house", 1);
    let mut a = seat_of_class(&pair.world, "a of class 1", 1);
    let vid = a.issue(&pair.world, &high);
    let mut order = pair.start_order();
    order.vid1 = vid;
    let offer: Offer = one(&a.order(&order));
    assert_eq!(
        pair.b_refuses(&offer),
        RefusalCode::Class,
        "S_B is of class 0"
    );
    let mut b = seat_of_class(&pair.world, "b of class 1", 1);
    let wanted = b.issue(&pair.world, &pair.world.voucher(6, b"one barn", 1));
    let mut offer = pair.offer();
    offer.vid2 = wanted;
    let answers = b.accept(&offer);
    assert_eq!(
        refusal(&answers),
        Some(RefusalCode::Class),
        "S_A is of class 0"
    );
}

#[test]
fn altered_third_party_ids_only_locate() {
    let mut pair = Pair::new();
    let mut offer = pair.offer();
    offer.third_party_ids = List(vec![pair.a.id()]);
    assert_eq!(count(&pair.b.accept(&offer), Mtype::AGREEMENT), 1);
}
