//! Without a cut all is released; with anything wrong nothing is.

use oncard_trustedpals::exchange::{Exchange, Outcome, Turn};
use zeroize::Zeroizing;

use crate::cards::{SESSION, SETUP_ROUNDS, Setting, has_items, item, round, run};

#[test]
fn all_get_all_items_one_round_after_the_decision() {
    for (n, decision) in [(2, 1), (3, 2), (4, 2), (7, 2)] {
        let setting = Setting::new(n, 5);
        for slot in 0..5 {
            let mut cards = setting.cards(slot);
            let due = SETUP_ROUNDS + slot + decision + 1;
            while cards[0].round() < due {
                assert!(cards.iter().all(|card| card.outcome().is_none()));
                round(&mut cards, |_, _| false);
            }
            let expected = Some(Outcome::Released((0..n).map(item).collect()));
            assert!(cards.iter().all(|card| card.outcome() == expected.as_ref()));
            run(&mut cards, |_, _, _| true);
            assert!(cards.iter().all(|card| card.outcome() == expected.as_ref()));
        }
    }
}

#[test]
fn one_packet_lost_before_the_agreement_and_nobody_gets_anything() {
    let setting = Setting::new(3, 3);
    for lost in 1..=SETUP_ROUNDS + 2 {
        for (from, to) in [(0, 1), (1, 2), (2, 0)] {
            let mut cards = setting.cards(2);
            run(&mut cards, |round, a, b| (round, a, b) == (lost, from, to));
            let outcomes = cards.iter().map(Exchange::outcome);
            assert!(outcomes.into_iter().all(|it| it == Some(&Outcome::Refused)));
        }
    }
}

#[test]
fn an_item_that_is_not_as_described_is_refused() {
    let setting = Setting::new(3, 2);
    let mut cards = setting.cards(0);
    let mut wrong = item(1);
    wrong[2] ^= 1;
    cards[1] = Exchange::new(setting.plan(1), SESSION, Zeroizing::new([0; 32]), wrong);
    run(&mut cards, |_, _, _| false);
    assert!(!cards.iter().any(has_items));
}

/// Two cards, where the second says what `change` makes of its turn in the first round.
fn told(change: impl Fn(&mut Turn)) -> Vec<Exchange> {
    let mut cards = Setting::new(2, 1).cards(0);
    let turns = cards.iter().map(Exchange::turn).collect::<Vec<_>>();
    let mut changed = turns[1].clone();
    change(&mut changed);
    cards[0].step(&[None, Some(changed)]);
    cards[1].step(&[Some(turns[0].clone()), None]);
    run(&mut cards, |_, _, _| false);
    cards
}

#[test]
fn a_set_up_that_is_incomplete_or_changes_is_refused() {
    let changes: [fn(&mut Turn); 4] = [
        |turn| turn.setup = None,
        |turn| *turn.setup.as_mut().unwrap().seed = [1; 32],
        |turn| turn.abort = true,
        |turn| turn.is_empty = true,
    ];
    for change in changes {
        assert!(!told(change).iter().any(has_items));
    }
    assert!(told(|_| {}).iter().all(has_items));
}

#[test]
fn every_card_sends_in_every_round_and_says_no_more_than_it_must() {
    let setting = Setting::new(5, 4);
    let mut cards = setting.cards(1);
    let mut said = Vec::new();
    while !cards[0].is_over() {
        let turns: Vec<_> = cards.iter().map(Exchange::turn).collect();
        assert!(turns.iter().all(|turn| !turn.abort && !turn.is_empty));
        said.push((turns[0].setup.is_some(), turns[0].report.is_some()));
        round(&mut cards, |_, _| false);
    }
    let (setup, agreement, cover) = ((true, false), (false, true), (false, false));
    let expected = [
        setup, setup, cover, agreement, agreement, agreement, cover, cover, cover,
    ];
    assert_eq!(said, expected);
}
