//! No session is run twice, whatever is sent again in whatever order, and with whatever store.

use libetp::params::Param;
use libetp::params::pals::{Join, Outcome, Start};
use libetp::{Message, Mtype};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::table::{Sale, Table, honest};

const RUNS: u64 = 20;

fn played(bids: &[u64]) -> Table {
    let mut table = Table::new(bids.len());
    table.start(bids, &mut honest);
    table.play(&mut honest);
    table
}

fn shuffled(messages: &[Message], dice: &mut ChaCha8Rng) -> Vec<Message> {
    let mut messages = messages.to_vec();
    for at in (1..messages.len()).rev() {
        messages.swap(at, dice.next_u32() as usize % (at + 1));
    }
    messages
}

/// Sends messages again; no card says anything to it.
fn replay(table: &mut Table, messages: &[Message]) {
    for message in messages {
        let mut seats = table.seats.iter_mut();
        let seat = seats.find(|seat| seat.id() == message.header.dst).unwrap();
        assert_eq!(seat.give(message.clone()), vec![], "{message:?}");
    }
}

#[test]
fn after_a_session_nothing_of_it_has_any_effect() {
    let mut table = played(&[10, 20, 30]);
    for seed in 0..RUNS {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let messages = shuffled(&table.sent, &mut dice);
        replay(&mut table, &messages);
    }
}

#[test]
fn nor_has_it_with_cards_that_were_restored_from_before_the_session() {
    let mut table = Table::new(3);
    let before: Vec<_> = table
        .seats
        .iter()
        .map(|it| it.card.store().clone())
        .collect();
    table.start(&[10, 20, 30], &mut honest);
    table.play(&mut honest);
    for (seat, store) in table.seats.iter_mut().zip(before) {
        seat.lose_power(Some(store));
    }
    let messages = shuffled(&table.sent, &mut ChaCha8Rng::seed_from_u64(1));
    replay(&mut table, &messages);
}

/// The same descriptor again: another session, into which nothing of the first one gets.
#[test]
fn between_the_messages_of_the_next_session_neither() {
    for seed in 0..RUNS {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut table = played(&[90, 80, 70]);
        let old = std::mem::take(&mut table.sent);
        let first = table.seats[0].state().session;
        let mut carry = |message: &Message| {
            let again = |it: &&Message| it.header.dst == message.header.dst;
            let old: Vec<Message> = old.iter().filter(again).cloned().collect();
            let mut arriving = shuffled(&old, &mut dice);
            let at = dice.next_u32() as usize % (arriving.len() + 1);
            arriving.truncate(20.max(at).min(arriving.len()));
            arriving.insert(at.min(arriving.len()), message.clone());
            arriving
        };
        table.seats.iter_mut().for_each(|seat| seat.inbox.clear());
        table.start(&[1, 20, 30], &mut carry);
        table.play(&mut carry);
        assert_ne!(table.seats[0].state().session, first);
        assert_eq!(table.seats[2].auction(), Sale::Won(20), "seed {seed}");
        let is_done = |seat: &crate::table::Seat| seat.outcome() == Some(Outcome::Result);
        assert!(table.seats.iter().all(is_done), "seed {seed}");
    }
}

/// Though counter and store are as they were before, and only the randomness is another.
#[test]
fn a_restored_card_draws_another_nonce() {
    let mut table = Table::new(2);
    let store = table.seats[1].card.store().clone();
    let nonce = |table: &Table| {
        let mut joins = table
            .sent
            .iter()
            .filter(|it| it.header.mtype == Mtype::SESSION_JOIN);
        Join::from_param(&joins.next_back().unwrap().param)
            .unwrap()
            .entry
            .nonce
    };
    table.start(&[1, 2], &mut honest);
    let first = nonce(&table);
    let start = table
        .sent
        .iter()
        .find(|it| it.header.mtype == Mtype::SESSION_START);
    let start = start.unwrap().clone();
    table.seats[1].lose_power(Some(store));
    table.join(1, 2, &mut honest);
    assert_ne!(nonce(&table), first);
    assert_eq!(
        Start::from_param(&start.param).unwrap().entries.0[1].nonce,
        first
    );
    replay(&mut table, &[start]);
}

/// Twice, and some of it in between: the first of each counts.
#[test]
fn repeated_messages_of_the_running_session_change_nothing() {
    let mut sent: Vec<Message> = Vec::new();
    let mut dice = ChaCha8Rng::seed_from_u64(7);
    let mut table = Table::new(3);
    let mut carry = |message: &Message| {
        let again = |it: &&Message| it.header.dst == message.header.dst;
        let earlier: Vec<Message> = sent.iter().filter(again).cloned().collect();
        sent.push(message.clone());
        let mut arriving = vec![message.clone(), message.clone()];
        arriving.extend(shuffled(&earlier, &mut dice).into_iter().take(4));
        arriving
    };
    table.start(&[1, 20, 30], &mut carry);
    table.play(&mut carry);
    assert_eq!(table.seats[2].auction(), Sale::Won(20));
    assert!(
        table
            .seats
            .iter()
            .all(|it| it.outcome() == Some(Outcome::Result))
    );
}
