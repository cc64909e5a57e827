//! When a message stays away: resolve, abort, and what the third party's word does.

use etp_pki::Role;
use libetp::codec::List;
use libetp::limits::THIRD_PARTY_IDS_MAX;
use libetp::params::runtime::RefusalCode;
use libetp::params::thirdparty::{AbortRequest, ResolveRequest};
use libetp::params::voucher::{
    Commitment, Disputed, ExchangeResult, OrderAbort, OrderResolve, Outcome, OutcomeBody, State,
    ThirdPartyOutcome, Vid,
};
use libetp::{EntityId, Message, Mtype};
use simulator::dice::Dice;
use simulator::wallet::Wallet;

use crate::bench::{Court, Seat, count, one, refusal};

#[track_caller]
fn holds(seat: &Seat, vid: &Vid) {
    let holdings = seat.holdings();
    assert_eq!(holdings.held.iter().collect::<Vec<_>>(), [vid]);
    assert!(holdings.running.is_empty());
}

#[test]
fn when_m3_stays_away_s_a_resolves_and_both_have_the_others_voucher() {
    let (mut court, _lost) = Court::confirmed();
    let answers = court.order_resolve();
    let disputed: Disputed = one(&answers);
    assert_eq!(disputed.state, State::Resolving as u8);
    let mr1 = one::<ResolveRequest>(&answers);
    let outcome = court.t_on_resolve(mr1);
    assert_eq!(outcome.outcome, Outcome::Resolved as u8);
    let t = court.t.id();
    let result: ExchangeResult = one(&court.pair.a.tell(t, outcome));
    assert_eq!(result.outcome, Outcome::Resolved as u8);
    assert_eq!(result.gained, Some(court.pair.vid2));
    let ma1 = court.abort_request();
    let outcome = court.t_on_abort(ma1);
    assert_eq!(
        outcome.outcome,
        Outcome::Resolved as u8,
        "asked to abort, too late"
    );
    let result: ExchangeResult = one(&court.pair.b.tell(t, outcome));
    assert_eq!(result.gained, Some(court.pair.vid1));
    holds(&court.pair.a, &court.pair.vid2);
    holds(&court.pair.b, &court.pair.vid1);
}

#[test]
fn when_m2_stays_away_s_b_aborts_and_has_its_own_again() {
    let (mut court, m2) = Court::agreed();
    let ma1 = court.abort_request();
    let outcome = court.t_on_abort(ma1);
    let (t, card_b) = (court.t.id(), court.pair.b.id());
    let result: ExchangeResult = one(&court.pair.b.tell(t, outcome));
    assert_eq!(result.outcome, Outcome::Aborted as u8);
    assert_eq!((result.lost, result.gained), (None, None));
    holds(&court.pair.b, &court.pair.vid2);
    // m2 arrives after all: S_A gives, asks, and is given back.
    court.pair.a.tell(card_b, m2);
    let mr1 = court.resolve_request();
    let outcome = court.t_on_resolve(mr1);
    let result: ExchangeResult = one(&court.pair.a.tell(t, outcome));
    assert_eq!(result.outcome, Outcome::Aborted as u8);
    holds(&court.pair.a, &court.pair.vid1);
}

#[test]
fn after_asking_to_abort_m3_is_ignored() {
    let (mut court, m3) = Court::confirmed();
    court.abort_request();
    court.pair.b_ignores(m3);
    let waiting = court.pair.b.holdings();
    assert_eq!(waiting.running.len(), 1);
}

#[test]
fn after_the_commit_there_is_nothing_to_abort() {
    let (mut court, m3) = Court::confirmed();
    let src = court.pair.a.id();
    court.pair.b.tell(src, m3);
    let answers = court.order_abort();
    assert_eq!(refusal(&answers), Some(RefusalCode::NotFound));
    assert_eq!(count(&answers, Mtype::ABORT_REQUEST), 0);
}

#[test]
fn m4_ends_an_exchange_that_s_a_asked_to_resolve() {
    let (mut court, m3) = Court::confirmed();
    court.resolve_request();
    let (card_a, card_b) = (court.pair.a.id(), court.pair.b.id());
    let m4: Commitment = one(&court.pair.b.tell(card_a, m3));
    let result: ExchangeResult = one(&court.pair.a.tell(card_b, m4));
    assert_eq!(result.outcome, Outcome::Completed as u8);
    holds(&court.pair.a, &court.pair.vid2);
}

#[test]
fn each_side_has_its_own_order() {
    let (mut court, _) = Court::confirmed();
    let (xid, third_party_ids) = (court.xid, List(vec![]));
    let resolve = OrderResolve {
        xid,
        third_party_ids: third_party_ids.clone(),
    };
    let abort = OrderAbort {
        xid,
        third_party_ids,
    };
    let before = (court.pair.a.holdings(), court.pair.b.holdings());
    assert_eq!(
        refusal(&court.pair.a.order(&abort)),
        Some(RefusalCode::State)
    );
    assert_eq!(
        refusal(&court.pair.b.order(&resolve)),
        Some(RefusalCode::State)
    );
    assert_eq!((court.pair.a.holdings(), court.pair.b.holdings()), before);
}

#[test]
fn an_order_may_be_repeated_and_says_the_same() {
    let (mut court, _) = Court::confirmed();
    assert_eq!(court.resolve_request(), court.resolve_request());
    assert_eq!(court.abort_request(), court.abort_request());
}

#[test]
fn without_an_id_of_the_third_party_there_is_nobody_to_ask() {
    let (mut court, _) = Court::confirmed();
    let mut order = OrderResolve {
        xid: court.xid,
        third_party_ids: List(vec![]),
    };
    let answers = court.pair.a.order(&order);
    assert_eq!(refusal(&answers), Some(RefusalCode::Malformed));
    order.third_party_ids = List(vec![court.t.id(); THIRD_PARTY_IDS_MAX + 1]);
    let answers = court.pair.a.order(&order);
    assert_eq!(refusal(&answers), Some(RefusalCode::Malformed));
    order.third_party_ids.0.pop();
    let answers = court.pair.a.order(&order);
    assert_eq!(count(&answers, Mtype::RESOLVE_REQUEST), THIRD_PARTY_IDS_MAX);
    // The ids are remembered.
    order.third_party_ids = List(vec![]);
    let answers = court.pair.a.order(&order);
    assert_eq!(count(&answers, Mtype::RESOLVE_REQUEST), THIRD_PARTY_IDS_MAX);
}

/// Wallets of another day have other ids.
#[test]
fn who_orders_the_dispute_is_told_the_result() {
    let (mut court, _) = Court::confirmed();
    let first = court.pair.a.wallet.id;
    let mut second = Wallet::new(&court.pair.a.blank, Dice::new(3));
    second.id.port.0 += 1;
    let second_id = second.id;
    court.pair.a.wallet = second;
    let answers = court.order_resolve();
    let told = |answers: &[Message], mtype| -> Vec<EntityId> {
        let of_type = answers.iter().filter(|m| m.header.mtype == mtype);
        of_type.map(|message| message.header.dst).collect()
    };
    assert_eq!(told(&answers, Mtype::DISPUTED), [second_id]);
    let outcome = court.t_on_resolve(one(&answers));
    let t = court.t.id();
    let answers = court.pair.a.tell(t, outcome);
    assert_eq!(told(&answers, Mtype::EXCHANGE_RESULT), [second_id]);
    let result: ExchangeResult = one(&answers);
    for (src, left) in [(first, 1), (second_id, 0)] {
        court.pair.a.tell(src, result.acknowledgement());
        assert_eq!(court.pair.a.holdings().results.len(), left);
    }
}

#[test]
fn an_outcome_that_nobody_asked_for_is_as_good() {
    let (mut court, _) = Court::confirmed();
    let ma1 = court.abort_request();
    let outcome = court.t_on_abort(ma1);
    let stranger = court.pair.b.wallet.id;
    let result: ExchangeResult = one(&court.pair.a.tell(stranger, outcome));
    assert_eq!(result.outcome, Outcome::Aborted as u8);
    holds(&court.pair.a, &court.pair.vid1);
}

#[test]
fn only_the_third_party_of_the_exchange_decides() {
    let (mut court, _) = Court::confirmed();
    let mr1 = court.resolve_request();
    let genuine = court.t_on_resolve(mr1);
    let before = court.pair.a.holdings();
    let world = &court.pair.world;
    let t = world.third_party_holder().unwrap();
    let mut forged = Vec::new();
    for role in [Role::Service, Role::Issuer, Role::Redeemer, Role::OffCard] {
        let other = world.holder(role, "somebody else").unwrap();
        forged.push(signed(
            &genuine,
            |body| other.sign("outcome", body),
            &other.certificate,
        ));
        forged.push(signed(
            &genuine,
            |body| other.sign("outcome", body),
            &t.certificate,
        ));
    }
    let b = &court.pair.b.key;
    forged.push(signed(
        &genuine,
        |body| b.sign("outcome", body),
        &b.certificate,
    ));
    for tag in ["agree", "confirm", "resolve", "abort"] {
        forged.push(signed(&genuine, |body| t.sign(tag, body), &t.certificate));
    }
    let mut flipped = genuine.clone();
    flipped.outcome = Outcome::Aborted as u8;
    forged.push(flipped);
    for outcome in [0, 3, 4, 255] {
        let neither = ThirdPartyOutcome {
            outcome,
            ..genuine.clone()
        };
        forged.push(signed(
            &neither,
            |body| t.sign("outcome", body),
            &t.certificate,
        ));
    }
    let mut other_exchange = genuine.clone();
    other_exchange.xid[0] ^= 1;
    forged.push(other_exchange);
    let src = court.t.id();
    for outcome in forged {
        assert_eq!(court.pair.a.tell(src, outcome), vec![]);
        assert_eq!(court.pair.a.holdings(), before);
    }
    assert_eq!(court.pair.a.tell(src, genuine.clone()).len(), 1);
    assert_eq!(
        court.pair.a.tell(src, genuine),
        vec![],
        "a replay finds nothing"
    );
}

fn signed(
    outcome: &ThirdPartyOutcome,
    sign: impl Fn(&OutcomeBody) -> [u8; 64],
    certificate: &[u8],
) -> ThirdPartyOutcome {
    let body = OutcomeBody {
        xid: outcome.xid,
        outcome: outcome.outcome,
    };
    ThirdPartyOutcome {
        signature: sign(&body),
        certificate: certificate.to_vec(),
        ..outcome.clone()
    }
}

#[test]
fn disputes_go_on_when_the_schemes_epoch_has_moved_on() {
    let (mut court, _) = Court::confirmed();
    // Both cards and the third party have seen a later epoch: revocation stops entry only.
    let later = court
        .pair
        .world
        .holder_of_epoch(Role::Issuer, "late", 9)
        .unwrap();
    for seat in [&mut court.pair.a, &mut court.pair.b, &mut court.t] {
        let challenge = one(&seat.order(&libetp::params::voucher::IssueBegin {}));
        let issue = court
            .pair
            .world
            .issue(court.pair.world.voucher(9, b"late", 0), &challenge);
        let issue = libetp::params::voucher::Issue {
            issuer_certificate: later.certificate.clone(),
            ..issue
        };
        seat.tell(seat.wallet.id, issue);
    }
    let ma1: AbortRequest = court.abort_request();
    let outcome = court.t_on_abort(ma1);
    let t = court.t.id();
    for seat in [&mut court.pair.a, &mut court.pair.b] {
        let result: ExchangeResult = one(&seat.tell(t, outcome.clone()));
        assert_eq!(result.outcome, Outcome::Aborted as u8);
    }
}
