//! Which exchange is meant, and when one is stuck.

use libetp::params::voucher::{ExchangeResult, ExchangeState, Outcome, State as CardState};
use libetp::{Domain, EntityId};

use super::proposal::{REPEAT_AFTER_S, STUCK_AFTER_S, Why};
use super::*;
use crate::records::{Named, Records};
use crate::values::Hex32;

const OFFERING: u8 = 0;
const AGREEING: u8 = 1;
const RESOLVE: Remedy = Remedy::Dispute(Dispute::Resolve);
const ABORT: Remedy = Remedy::Dispute(Dispute::Abort);
const START: u64 = 1_000;

fn peer() -> EntityId {
    Domain([3; 12]).card()
}

/// What a card lists of an exchange whose n1 and xid begin with these bytes.
fn listed(n1: u8, side: u8, state: CardState) -> ExchangeState {
    let agreed = state != CardState::Offer;
    ExchangeState {
        n1: [n1; 32],
        xid: agreed.then_some([n1 + 0x80; 32]),
        side,
        state: state as u8,
        give: [1; 32],
        want: [2; 32],
        peer: peer(),
    }
}

fn records(listed: &[ExchangeState]) -> Records {
    let mut records = Records::default();
    records.see(START, listed);
    records
}

fn ended(n1: u8, outcome: Outcome) -> ExchangeResult {
    ExchangeResult {
        n1: [n1; 32],
        xid: None,
        outcome: outcome as u8,
        lost: None,
        gained: None,
    }
}

fn number(chosen: Result<Chosen<'_>, Misfit<'_>>) -> u64 {
    match chosen {
        Ok(Chosen::Open(exchange)) => exchange.number,
        other => panic!("{other:?}"),
    }
}

fn advice(chosen: Result<Chosen<'_>, Misfit<'_>>) -> Advice {
    match chosen {
        Err(Misfit::Other(_, advice)) => advice,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_only_exchange_that_waits_needs_no_name() {
    let records = records(&[
        listed(0x11, OFFERING, CardState::Offer),
        listed(0x12, OFFERING, CardState::Wait),
        listed(0x13, AGREEING, CardState::Aborting),
    ]);
    assert_eq!(number(choose(&records, None, Remedy::Cancel)), 1);
    assert_eq!(number(choose(&records, None, RESOLVE)), 2);
    assert_eq!(number(choose(&records, None, ABORT)), 3);
}

#[test]
fn of_several_one_must_be_named() {
    let records = records(&[
        listed(0x11, OFFERING, CardState::Wait),
        listed(0x12, OFFERING, CardState::Resolving),
    ]);
    let several = |text| match choose(&records, text, RESOLVE) {
        Err(Misfit::Several(several)) => several.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(several(None), 2);
    assert!(matches!(
        choose(&Records::default(), None, RESOLVE),
        Err(Misfit::Nothing)
    ));
    assert!(matches!(
        choose(&records, Some("7"), RESOLVE),
        Err(Misfit::Unknown)
    ));
    assert!(matches!(
        choose(&records, Some(""), RESOLVE),
        Err(Misfit::Unknown)
    ));
    assert_eq!(number(choose(&records, Some("2"), RESOLVE)), 2);
}

#[test]
fn names_are_beginnings_of_n1_and_of_xid() {
    let records = records(&[
        listed(0x11, OFFERING, CardState::Wait),
        listed(0x12, OFFERING, CardState::Wait),
    ]);
    for (name, meant) in [("11", 1), ("121", 2), ("91", 1), ("9292", 2)] {
        assert_eq!(
            number(choose(&records, Some(name), RESOLVE)),
            meant,
            "{name}"
        );
    }
    assert!(matches!(
        choose(&records, Some("9"), RESOLVE),
        Err(Misfit::Several(several)) if several.len() == 2
    ));
}

#[test]
fn the_wrong_side_is_told_the_right_command() {
    let records = records(&[
        listed(0x11, OFFERING, CardState::Wait),
        listed(0x12, AGREEING, CardState::Wait),
        listed(0x13, OFFERING, CardState::Offer),
    ]);
    let resolve = Advice::Dispute(Dispute::Resolve);
    let abort = Advice::Dispute(Dispute::Abort);
    assert_eq!(advice(choose(&records, Some("1"), ABORT)), resolve);
    assert_eq!(advice(choose(&records, Some("1"), Remedy::Cancel)), resolve);
    assert_eq!(advice(choose(&records, Some("2"), RESOLVE)), abort);
    assert_eq!(advice(choose(&records, Some("2"), Remedy::Cancel)), abort);
    assert_eq!(advice(choose(&records, Some("3"), RESOLVE)), Advice::Cancel);
}

#[test]
fn without_a_name_the_wrong_side_is_told_too_if_only_one_exchange_waits() {
    let offered = records(&[listed(0x11, OFFERING, CardState::Wait)]);
    let right = Advice::Dispute(Dispute::Resolve);
    assert_eq!(advice(choose(&offered, None, ABORT)), right);
    let both = [
        listed(0x11, OFFERING, CardState::Wait),
        listed(0x12, OFFERING, CardState::Wait),
    ];
    assert!(matches!(
        choose(&records(&both), None, ABORT),
        Err(Misfit::Nothing)
    ));
}

#[test]
fn what_is_over_is_not_ordered_again() {
    let mut records = records(&[listed(0x11, OFFERING, CardState::Wait)]);
    records.ended(START, &ended(0x11, Outcome::Completed));
    for remedy in [RESOLVE, ABORT] {
        assert!(matches!(
            choose(&records, Some("1"), remedy),
            Ok(Chosen::Ended(_))
        ));
    }
    let cancel = choose(&records, Some("1"), Remedy::Cancel);
    assert_eq!(advice(cancel), Advice::Ended);
    records.ended(START, &ended(0x22, Outcome::Cancelled));
    assert!(matches!(
        choose(&records, Some("22"), Remedy::Cancel),
        Ok(Chosen::Ended(_))
    ));
}

#[test]
fn what_the_card_does_not_know_any_more_is_not_ordered() {
    let mut records = records(&[listed(0x11, AGREEING, CardState::Wait)]);
    records.see(START, &[]);
    assert_eq!(
        advice(choose(&records, Some("1"), ABORT)),
        Advice::AcceptAgain
    );
    assert!(proposals(&records, START + STUCK_AFTER_S).is_empty());
}

#[test]
fn a_card_that_waits_is_stuck_at_the_limit_and_not_before() {
    let list = [
        listed(0x11, OFFERING, CardState::Wait),
        listed(0x12, AGREEING, CardState::Wait),
        listed(0x13, OFFERING, CardState::Offer),
    ];
    let mut records = records(&list);
    assert!(proposals(&records, START + STUCK_AFTER_S - 1).is_empty());
    records.see(START + STUCK_AFTER_S - 1, &list);
    let stuck = proposals(&records, START + STUCK_AFTER_S);
    let commands: Vec<_> = stuck.iter().map(Proposal::command).collect();
    assert_eq!(commands, ["wallet resolve 1", "wallet abort 2"]);
    assert!(stuck.iter().all(|p| p.why == Why::Silent(STUCK_AFTER_S)));
    assert!(stuck[0].text().contains(COST));
    assert!(stuck[1].text().contains("wallet accept 2"));
    assert!(!stuck[0].text().contains("wallet accept"));
}

#[test]
fn a_host_that_cannot_be_reached_makes_it_stuck_at_once_until_it_answers() {
    let mut records = records(&[listed(0x11, OFFERING, CardState::Wait)]);
    let n1 = Hex32([0x11; 32]);
    records.reached(START, n1, false);
    assert_eq!(proposals(&records, START)[0].why, Why::Unreachable);
    records.reached(START, n1, true);
    assert!(proposals(&records, START).is_empty());
}

#[test]
fn the_third_party_is_asked_again_after_a_time() {
    let mut records = records(&[listed(0x11, OFFERING, CardState::Wait)]);
    let later = START + STUCK_AFTER_S;
    records.disputed(later, Hex32([0x11; 32]), Stage::Resolving);
    assert!(proposals(&records, later + REPEAT_AFTER_S - 1).is_empty());
    let again = proposals(&records, later + REPEAT_AFTER_S);
    assert_eq!(again[0].why, Why::Unanswered(REPEAT_AFTER_S));
    assert!(again[0].text().contains("wallet resolve 1"));
}

#[test]
fn a_repeated_order_begins_its_time_anew() {
    let mut records = records(&[listed(0x11, OFFERING, CardState::Resolving)]);
    let later = START + REPEAT_AFTER_S;
    records.disputed(later, Hex32([0x11; 32]), Stage::Resolving);
    assert!(proposals(&records, later + REPEAT_AFTER_S - 1).is_empty());
    let told = records.exchanges[0].story.last().unwrap();
    assert_eq!(told.what, "asked the third party to resolve again");
}

#[test]
fn where_nobody_said_how_the_third_party_is_reached_the_owner_must() {
    let mut records = records(&[listed(0x11, AGREEING, CardState::Wait)]);
    let stuck = |records: &Records| proposals(records, START + STUCK_AFTER_S)[0].command();
    assert_eq!(stuck(&records), "wallet abort 1");
    records.exchanges[0].third_party = Some(Named::new([9; 32], &[]));
    assert_eq!(stuck(&records), "wallet abort 1 --third-party-id ID");
    records.exchanges[0].third_party = Some(Named::new([9; 32], &[peer()]));
    assert_eq!(stuck(&records), "wallet abort 1");
}

#[test]
fn an_exchange_that_ended_is_not_stuck() {
    let mut records = records(&[listed(0x11, OFFERING, CardState::Wait)]);
    records.reached(START, Hex32([0x11; 32]), false);
    records.ended(START, &ended(0x11, Outcome::Resolved));
    assert!(proposals(&records, START + STUCK_AFTER_S).is_empty());
}
