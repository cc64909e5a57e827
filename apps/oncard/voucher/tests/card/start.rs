//! S_A, OFFER.

use libetp::params::runtime::RefusalCode;
use libetp::params::voucher::{
    CancelOffer, ExchangeResult, ExchangeStarted, Offer, OfferRejected, Outcome, StartExchange,
};

use crate::bench::{Pair, one};

#[test]
fn one_apdu_answers_the_owner_and_carries_m1() {
    let mut pair = Pair::new();
    let order = pair.start_order();
    let answers = pair.a.order(&order);
    let started: ExchangeStarted = one(&answers);
    let offer: Offer = one(&answers);
    assert_eq!((started.vid1, started.vid2), (pair.vid1, pair.vid2));
    assert_eq!((offer.n1, offer.vid2), (started.n1, pair.vid2));
    assert_eq!(offer.voucher1.vid(), pair.vid1);
    assert_eq!((offer.sa, offer.a_key), (pair.a.id(), pair.a.blank.key));
    assert_eq!(offer.third_party, pair.world.third_party);
    let m1 = answers.last().unwrap();
    assert_eq!(m1.header.dst, pair.b.wallet.id);
    assert!(
        pair.a.holdings().held.contains(&pair.vid1),
        "an offer gives nothing"
    );
}

#[test]
fn what_cannot_be_offered_is_refused() {
    let mut pair = Pair::new();
    let order = pair.start_order();
    let with = |change: &dyn Fn(&mut StartExchange)| {
        let mut order = order.clone();
        change(&mut order);
        order
    };
    let (own, unknown) = (pair.a.wallet.id, [9; 32]);
    let (vid1, card_b) = (pair.vid1, pair.b.id());
    let cases: [(StartExchange, RefusalCode); 6] = [
        (with(&|o| o.vid1 = unknown), RefusalCode::NotFound),
        (with(&|o| o.vid2 = vid1), RefusalCode::Reserved),
        (with(&|o| o.third_party = unknown), RefusalCode::ThirdParty),
        (with(&|o| o.pb = own), RefusalCode::State),
        (with(&|o| o.pb = card_b), RefusalCode::Malformed),
        (
            with(&|o| o.pb.port = libetp::Port::DAEMON),
            RefusalCode::Malformed,
        ),
    ];
    for (order, code) in cases {
        assert_eq!(pair.a_refuses(&order), code);
    }
}

#[test]
fn a_wanted_voucher_is_wanted_once() {
    let mut pair = Pair::new();
    pair.offer();
    let again = pair.start_order();
    assert_eq!(pair.a_refuses(&again), RefusalCode::Reserved);
}

#[test]
fn one_voucher_may_be_offered_twice_and_the_first_agreement_wins() {
    let mut pair = Pair::new();
    let other = pair.world.voucher(3, b"one tea", 0);
    let vid3 = pair.b.issue(&pair.world, &other);
    let first = pair.offer();
    let mut order = pair.start_order();
    order.vid2 = vid3;
    let second: Offer = one(&pair.a.order(&order));
    let late: libetp::params::voucher::Agreement = one(&pair.b.accept(&first));
    // The second offer's vid1 is expected by the first exchange on S_B.
    assert_eq!(pair.b_refuses(&second), RefusalCode::Reserved);
    let src = pair.b.id();
    assert_eq!(pair.a.tell(src, late).len(), 1);
    assert!(!pair.a.holdings().held.contains(&pair.vid1));
}

#[test]
fn an_offer_is_taken_back_by_its_owner() {
    let mut pair = Pair::new();
    let n1 = pair.offer().n1;
    let result: ExchangeResult = one(&pair.a.order(&CancelOffer { n1 }));
    assert_eq!((result.n1, result.outcome), (n1, Outcome::Cancelled as u8));
    assert!(pair.a.holdings().offers.is_empty());
    assert_eq!(pair.a_refuses(&CancelOffer { n1 }), RefusalCode::NotFound);
    let m2 = {
        let mut other = Pair::new();
        other.agreement()
    };
    pair.a_ignores(m2);
}

#[test]
fn an_answered_offer_cannot_be_taken_back() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    let m2: libetp::params::voucher::Agreement = one(&pair.b.accept(&offer));
    let src = pair.b.id();
    pair.a.tell(src, m2);
    let cancel = CancelOffer { n1: offer.n1 };
    assert_eq!(pair.a_refuses(&cancel), RefusalCode::State);
}

#[test]
fn an_offer_is_rejected_only_by_the_wallet_that_got_it() {
    let mut pair = Pair::new();
    let n1 = pair.offer().n1;
    let before = pair.a.holdings();
    let (card_b, mut stranger) = (pair.b.id(), pair.b.wallet.id);
    stranger.port.0 += 1;
    for src in [card_b, stranger, pair.a.wallet.id] {
        assert_eq!(pair.a.tell(src, OfferRejected { n1 }), vec![]);
        assert_eq!(pair.a.holdings(), before);
    }
    let src = pair.b.wallet.id;
    let result: ExchangeResult = one(&pair.a.tell(src, OfferRejected { n1 }));
    assert_eq!(result.outcome, Outcome::Cancelled as u8);
    assert!(pair.a.holdings().offers.is_empty());
}
