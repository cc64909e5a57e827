//! Each limit: at it, and one past it.

use libetp::Mtype;
use libetp::codec::List;
use libetp::limits::{CERTIFICATE_BYTES_MAX, PROMISE_BYTES_MAX, THIRD_PARTY_IDS_MAX};
use libetp::params::Param;
use libetp::params::runtime::RefusalCode;
use libetp::params::voucher::{
    Agreement, CancelOffer, Commitment, Confirmation, ExchangeStarted, ForgetRedemption,
    IssueBegin, IssueChallenge, Redeem, RedeemBody, RedemptionForgotten, StartExchange, Vid,
};
use oncard_runtime::{Store, Writes};
use oncard_voucher::FAMILY;
use oncard_voucher::limits::{
    CHALLENGES_MAX, COMMITTED_MAX, EXCHANGES_MAX, OFFERS_MAX, REDEMPTIONS_MAX, VOUCHERS_MAX,
};
use oncard_voucher::records::{Count, Record};

use crate::bench::{Pair, Seat, count, one, refusal, seat, seat_with, world};

#[test]
fn open_offers() {
    let mut pair = Pair::new();
    let mut order = pair.start_order();
    for number in 0..OFFERS_MAX {
        order.vid2 = [number as u8; 32];
        assert_eq!(refusal(&pair.a.order(&order)), None);
    }
    order.vid2 = [OFFERS_MAX as u8; 32];
    assert_eq!(pair.a_refuses(&order), RefusalCode::Limit);
    let n1 = *pair.a.holdings().offers.keys().next().unwrap();
    pair.a.order(&CancelOffer { n1 });
    assert_eq!(refusal(&pair.a.order(&order)), None);
}

#[test]
fn open_issue_challenges() {
    let world = world();
    let mut card = seat(&world, "a");
    for _ in 0..CHALLENGES_MAX {
        one::<IssueChallenge>(&card.order(&IssueBegin {}));
    }
    assert_eq!(
        refusal(&card.order(&IssueBegin {})),
        Some(RefusalCode::Limit)
    );
    assert_eq!(card.holdings().challenges.len(), CHALLENGES_MAX);
}

/// Fills a card with results that nobody acknowledges.
fn fill(seat: &mut Seat, order: &StartExchange) {
    for _ in 0..EXCHANGES_MAX {
        let started: ExchangeStarted = one(&seat.order(order));
        seat.order(&CancelOffer { n1: started.n1 });
    }
}

#[test]
fn exchanges_and_results_together_on_s_b() {
    let mut pair = Pair::new();
    let mut order = pair.start_order();
    (order.vid1, order.vid2, order.pb) = (pair.vid2, pair.vid1, pair.a.wallet.id);
    fill(&mut pair.b, &order);
    let offer = pair.offer();
    assert_eq!(pair.b_refuses(&offer), RefusalCode::Limit);
    let result = pair.b.holdings().results[0].1.clone();
    let src = pair.b.wallet.id;
    pair.b.tell(src, result.acknowledgement());
    assert_eq!(count(&pair.b.accept(&offer), Mtype::AGREEMENT), 1);
}

#[test]
fn exchanges_and_results_together() {
    let mut pair = Pair::new();
    let order = pair.start_order();
    fill(&mut pair.a, &order);
    assert_eq!(pair.a_refuses(&order), RefusalCode::Limit);
    let result = pair.a.holdings().results[0].1.clone();
    let src = pair.a.wallet.id;
    pair.a.tell(src, result.acknowledgement());
    assert_eq!(refusal(&pair.a.order(&order)), None);
}

#[test]
fn the_third_partys_ids() {
    let mut pair = Pair::new();
    let mut order = pair.start_order();
    let id = pair.b.wallet.id;
    order.third_party_ids = List(vec![id; THIRD_PARTY_IDS_MAX + 1]);
    assert_eq!(pair.a_refuses(&order), RefusalCode::Malformed);
    order.third_party_ids = List(vec![id; THIRD_PARTY_IDS_MAX]);
    let mut offer: libetp::params::voucher::Offer = one(&pair.a.order(&order));
    offer.third_party_ids.0.push(id);
    assert_eq!(pair.b_refuses(&offer), RefusalCode::Malformed);
    offer.third_party_ids.0.pop();
    assert_eq!(count(&pair.b.accept(&offer), Mtype::AGREEMENT), 1);
}

#[test]
fn a_promise() {
    let mut pair = Pair::new();
    let past = pair.world.voucher(8, &vec![b'x'; PROMISE_BYTES_MAX + 1], 0);
    let opened: IssueChallenge = one(&pair.a.order(&IssueBegin {}));
    let src = pair.a.wallet.id;
    let answers = pair.a.tell(src, pair.world.issue(past.clone(), &opened));
    assert_eq!(refusal(&answers), Some(RefusalCode::Malformed));
    let mut offer = pair.offer();
    offer.voucher1 = past.clone();
    assert_eq!(pair.b_refuses(&offer), RefusalCode::Malformed);
    let mut m2: Agreement = one(&pair.b.accept(&{
        offer.voucher1 = pair.world.voucher(1, b"one coffee", 0);
        offer
    }));
    m2.voucher2 = past;
    pair.a_ignores(m2);
}

#[test]
fn the_largest_promises_are_exchanged() {
    let mut pair = Pair::new();
    let large = vec![b'x'; PROMISE_BYTES_MAX];
    pair.vid1 = pair.a.issue(&pair.world, &pair.world.voucher(8, &large, 0));
    pair.vid2 = pair.b.issue(&pair.world, &pair.world.voucher(9, &large, 0));
    let m4 = pair.commitment();
    let src = pair.b.id();
    assert_eq!(pair.a.tell(src, m4).len(), 1);
}

#[test]
fn a_certificate() {
    let mut pair = Pair::new();
    let mut offer = pair.offer();
    for length in [CERTIFICATE_BYTES_MAX, CERTIFICATE_BYTES_MAX + 1] {
        offer.certificate.resize(length, 0);
        let longer = length > CERTIFICATE_BYTES_MAX;
        let code = match longer {
            true => RefusalCode::Malformed,
            false => RefusalCode::Certificate,
        };
        assert_eq!(pair.b_refuses(&offer), code);
    }
}

/// One whole exchange of `give` for `want`; returns m3.
fn exchange(pair: &mut Pair, give: Vid, want: Vid) -> Confirmation {
    (pair.vid1, pair.vid2) = (give, want);
    let m3 = pair.confirmation();
    let (card_a, card_b) = (pair.a.id(), pair.b.id());
    let m4: Commitment = one(&pair.b.tell(card_a, m3.clone()));
    pair.a.tell(card_b, m4);
    acknowledge_all(&mut pair.a);
    acknowledge_all(&mut pair.b);
    m3
}

fn acknowledge_all(seat: &mut Seat) {
    let src = seat.wallet.id;
    for (_, result) in seat.holdings().results {
        seat.tell(src, result.acknowledgement());
    }
}

#[test]
fn exchanges_whose_m4_is_repeated() {
    let mut pair = Pair::new();
    let (mut give, mut want) = (pair.vid1, pair.vid2);
    let mut confirmations = Vec::new();
    for _ in 0..=COMMITTED_MAX {
        confirmations.push(exchange(&mut pair, give, want));
        std::mem::swap(&mut give, &mut want);
    }
    assert_eq!(pair.b.holdings().committed.len(), COMMITTED_MAX);
    let src = pair.a.id();
    let repeats = |pair: &mut Pair, m3: &Confirmation| pair.b.tell(src, m3.clone()).len();
    assert_eq!(
        repeats(&mut pair, &confirmations[0]),
        0,
        "the oldest made room"
    );
    assert_eq!(repeats(&mut pair, &confirmations[1]), 1);
    assert_eq!(repeats(&mut pair, &confirmations[COMMITTED_MAX]), 1);
}

#[test]
fn redemptions_without_a_receipt() {
    let mut pair = Pair::new();
    for serial in 0..=REDEMPTIONS_MAX as u64 {
        let vid = pair
            .a
            .issue(&pair.world, &pair.world.voucher(100 + serial, b"bun", 0));
        let redeemer = &pair.world.redeemer;
        let body = RedeemBody {
            vid,
            challenge: [1; 32],
            redeemer: redeemer.key_id(),
        };
        let order = Redeem {
            vid,
            challenge: body.challenge,
            redeemer_certificate: redeemer.certificate.clone(),
            signature: redeemer.sign("redeem", &body),
        };
        let past = serial as usize == REDEMPTIONS_MAX;
        let expected = past.then_some(RefusalCode::Limit);
        assert_eq!(refusal(&pair.a.order(&order)), expected);
        if past {
            // A redeemer that gives no receipt does not keep the owner from redeeming.
            let first = pair.world.voucher(100, b"bun", 0).vid();
            let forgotten: RedemptionForgotten =
                one(&pair.a.order(&ForgetRedemption { vid: first }));
            assert_eq!(forgotten.vid, first);
            assert_eq!(refusal(&pair.a.order(&order)), None);
        }
    }
}

#[test]
fn vouchers_on_a_card() {
    let world = world();
    let mut blank = world.card("a", 0).unwrap();
    let key = [&[FAMILY][..], &Count::key(&[0; 32])].concat();
    let vouchers = VOUCHERS_MAX - 1;
    let writes = Writes::from([(key, Some(Count { vouchers }.to_value()))]);
    blank.memory.commit(&writes).unwrap();
    let mut card = seat_with(&world, "a", 0, blank);
    card.issue(&world, &world.voucher(1, b"the last", 0));
    let opened: IssueChallenge = one(&card.order(&IssueBegin {}));
    let src = card.wallet.id;
    let answers = card.tell(src, world.issue(world.voucher(2, b"one more", 0), &opened));
    assert_eq!(refusal(&answers), Some(RefusalCode::Storage));
    let redeemer = &world.redeemer;
    let vid = world.voucher(1, b"the last", 0).vid();
    let body = RedeemBody {
        vid,
        challenge: [1; 32],
        redeemer: redeemer.key_id(),
    };
    card.order(&Redeem {
        vid,
        challenge: [1; 32],
        redeemer_certificate: redeemer.certificate.clone(),
        signature: redeemer.sign("redeem", &body),
    });
    let issue = world.issue(world.voucher(2, b"one more", 0), &opened);
    assert_eq!(
        refusal(&card.give(issue.into_message(src, card.id()))),
        None
    );
}
