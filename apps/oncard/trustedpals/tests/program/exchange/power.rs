//! Cards that lose power in an exchange: at most one output, whenever it is.

use libetp::params::pals::{AttendSession, Outcome, RoundOver};
use libetp::params::runtime::RefusalCode;

use super::{Deal, outcomes};
use crate::table::{Table, honest, refusal};

/// Where power is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    /// Before anything of the round's end is stored.
    Before,
    /// When it is stored, and nothing has left the card.
    After,
    /// When its host has taken what it said.
    Taken,
}

/// Ends a round of the second card, which loses power there; what it has for its host then arrives.
fn lose_power(table: &mut Table, cut: Cut) {
    let (session, round) = table.seats[1].clock();
    let tick = RoundOver { session, round };
    let seat = &mut table.seats[1];
    let store = seat.card.store().clone();
    match cut {
        Cut::Taken => {
            let said = seat.tell(tick);
            table.deliver(said, &mut honest);
            table.seats[1].power_up_again(None);
        }
        Cut::Before | Cut::After => {
            let message = seat.message(tick);
            seat.give_unanswered(message);
            seat.power_up_again(Some(store).filter(|_| cut == Cut::Before));
        }
    }
    let said = table.seats[1].take();
    table.deliver(said, &mut honest);
    table.seats[1].authenticate();
}

/// The owner asks for more than there is.
fn ask(table: &mut Table) {
    for _ in 0..2 {
        let said = table.seats[1].order(AttendSession {});
        table.deliver(said, &mut honest);
        table.seats[1].lose_power(None);
    }
}

#[test]
fn there_is_one_output_wherever_power_is_cut() {
    let deal = Deal::new(2, 3);
    let mut seen = Vec::new();
    for cut in [Cut::Before, Cut::After, Cut::Taken] {
        for rounds in 0..=deal.rounds() {
            let mut table = deal.table();
            deal.start(&mut table, &mut honest);
            (0..rounds).for_each(|_| table.round(&mut honest));
            lose_power(&mut table, cut);
            ask(&mut table);
            let mut endings = table.seats[1].endings();
            endings.dedup();
            assert_eq!(
                endings.len(),
                1,
                "{cut:?} after {rounds} rounds: {endings:?}"
            );
            seen.push((cut, Outcome::from_u8(endings[0].outcome).unwrap()));
        }
    }
    for ended in [
        (Cut::Before, Outcome::PowerLost),
        (Cut::After, Outcome::PowerLost),
        (Cut::After, Outcome::Result),
        (Cut::Taken, Outcome::Result),
    ] {
        assert!(seen.contains(&ended), "{ended:?} in {seen:?}");
    }
}

#[test]
fn a_card_that_loses_power_before_the_agreement_has_all_others_refuse() {
    let deal = Deal::new(3, 4);
    let mut table = deal.table();
    deal.start(&mut table, &mut honest);
    table.round(&mut honest);
    table.seats[1].lose_power(None);
    table.play(&mut honest);
    let refused = Some(Outcome::Refused);
    assert_eq!(outcomes(&table)[0], refused);
    assert_eq!(outcomes(&table)[2], refused);
    assert_eq!(table.seats[1].outcome(), Some(Outcome::PowerLost));
}

/// Whoever asked in between: the loss of power is none of a session that has told its result.
#[test]
fn a_card_that_loses_power_after_it_told_its_result_tells_nothing_more() {
    let deal = Deal::new(2, 40);
    let mut table = deal.table();
    deal.start(&mut table, &mut honest);
    while table.seats[1].items().is_none() {
        table.round(&mut honest);
    }
    assert!(!table.seats[1].is_over());
    table.seats[1].inbox.clear();
    let said = table.seats[1].order(AttendSession {});
    table.deliver(said, &mut honest);
    assert_eq!(table.seats[1].items(), Some(deal.items.clone()));
    assert!(!table.seats[1].is_over());
    table.seats[1].lose_power(None);
    let said = table.seats[1].order(AttendSession {});
    assert_eq!(refusal(&said), Some(RefusalCode::NotFound));
    assert_eq!(said.len(), 1);
}
