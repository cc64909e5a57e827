//! Results: kept until those who may acknowledge them do.

use libetp::params::voucher::{
    AcknowledgeResult, Agreement, Confirmation, ExchangeResult, ExchangeState, Exchanges,
    ListExchanges, State, Xid,
};
use libetp::{EntityId, Mtype};
use simulator::dice::Dice;
use simulator::wallet::Wallet;

use crate::bench::{Court, Pair, Seat, count, one, third_party_seat};

/// Another program of the same owner.
fn second_wallet(seat: &Seat) -> Wallet {
    let mut wallet = Wallet::new(&seat.blank, Dice::new(3));
    wallet.id.port.0 += 1;
    wallet
}

fn states(seat: &mut Seat) -> Vec<ExchangeState> {
    one::<Exchanges>(&seat.order(&ListExchanges {})).exchanges.0
}

#[test]
fn an_exchange_is_listed_from_offer_to_done() {
    let mut pair = Pair::new();
    let offer = pair.offer();
    let (card_a, card_b) = (pair.a.id(), pair.b.id());
    let state = |seat: &mut Seat| {
        let states = states(seat);
        assert_eq!(states.len(), 1);
        State::from_u8(states[0].state).unwrap()
    };
    assert_eq!(state(&mut pair.a), State::Offer);
    let m2: libetp::params::voucher::Agreement = one(&pair.b.accept(&offer));
    assert_eq!(state(&mut pair.b), State::Wait);
    let m3: libetp::params::voucher::Confirmation = one(&pair.a.tell(card_b, m2));
    assert_eq!(state(&mut pair.a), State::Wait);
    pair.b.tell(card_a, m3);
    assert_eq!(state(&mut pair.b), State::Done);
    let listed = &states(&mut pair.b)[0];
    assert_eq!((listed.n1, listed.side, listed.peer), (offer.n1, 1, card_a));
    assert_eq!((listed.give, listed.want), (pair.vid2, pair.vid1));
}

#[test]
fn a_result_is_sent_again_until_it_is_acknowledged() {
    let mut pair = Pair::new();
    pair.commitment();
    for _ in 0..2 {
        let answers = pair.b.order(&ListExchanges {});
        assert_eq!(count(&answers, Mtype::EXCHANGE_RESULT), 1);
    }
    let result = pair.b.holdings().results[0].1.clone();
    acknowledge(&mut pair.b, &result);
    assert_eq!(states(&mut pair.b), vec![]);
    acknowledge(&mut pair.b, &result);
}

#[test]
fn only_who_ordered_or_listed_may_acknowledge() {
    let mut pair = Pair::new();
    pair.commitment();
    let result = pair.b.holdings().results[0].1.clone();
    let kept = |pair: &Pair| pair.b.holdings().results.len();
    let mut second = second_wallet(&pair.b);
    let strangers: [EntityId; 4] = [second.id, pair.b.id(), pair.a.id(), pair.a.wallet.id];
    for src in strangers {
        pair.b.tell(src, result.acknowledgement());
        assert_eq!(kept(&pair), 1);
    }
    // The owner's other program lists: the result is told to it, and it may acknowledge.
    std::mem::swap(&mut pair.b.wallet, &mut second);
    let answers = pair.b.order(&ListExchanges {});
    assert_eq!(one::<ExchangeResult>(&answers), result);
    assert!(
        answers
            .iter()
            .all(|message| message.header.dst == pair.b.wallet.id)
    );
    let src = pair.b.wallet.id;
    pair.b.tell(src, result.acknowledgement());
    assert_eq!(kept(&pair), 0);
}

/// One offer of which two exchanges were agreed: the first is aborted and acknowledged, the second completed.
/// Returns both results of S_B.
fn accepted_anew() -> (Pair, ExchangeResult, ExchangeResult) {
    let mut pair = Pair::new();
    let offer = pair.offer();
    let m2: Agreement = one(&pair.b.accept(&offer));
    let t = third_party_seat(&pair.world);
    let xid = m2.body.xid();
    let mut court = Court { pair, t, xid };
    let ma1 = court.abort_request();
    let outcome = court.t_on_abort(ma1);
    let (t, mut pair) = (court.t.id(), court.pair);
    let aborted: ExchangeResult = one(&pair.b.tell(t, outcome));
    acknowledge(&mut pair.b, &aborted);
    let (card_a, card_b) = (pair.a.id(), pair.b.id());
    let m2: Agreement = one(&pair.b.accept(&offer));
    let m3: Confirmation = one(&pair.a.tell(card_b, m2));
    let completed: ExchangeResult = one(&pair.b.tell(card_a, m3));
    assert_eq!(completed.n1, aborted.n1);
    assert_ne!(completed.xid, aborted.xid);
    (pair, aborted, completed)
}

fn acknowledge(seat: &mut Seat, result: &ExchangeResult) {
    let src = seat.wallet.id;
    assert_eq!(seat.tell(src, result.acknowledgement()), vec![]);
}

#[test]
fn an_acknowledgement_is_of_one_exchange_of_an_offer() {
    let (mut pair, aborted, completed) = accepted_anew();
    acknowledge(&mut pair.b, &aborted);
    let (src, n1) = (pair.b.wallet.id, completed.n1);
    let others: [Option<Xid>; 2] = [None, Some([7; 32])];
    for xid in others {
        pair.b.tell(src, AcknowledgeResult { n1, xid });
    }
    let answers = pair.b.order(&ListExchanges {});
    assert_eq!(one::<ExchangeResult>(&answers), completed);
    acknowledge(&mut pair.b, &completed);
    assert_eq!(states(&mut pair.b), vec![]);
}
