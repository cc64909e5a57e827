//! Everybody gets everything, or nobody anything.

use ed25519_dalek::{Signer, SigningKey};
use libetp::digest::sha256;
use libetp::params::pals::{
    AttendSession, Description, JoinSession, LeaveSession, OpenSession, Outcome, Stage,
};
use libetp::params::runtime::RefusalCode;
use libetp::{Message, Mtype};

use super::{Deal, all, outcomes};
use crate::table::{Table, honest, refusal};

#[test]
fn all_get_all_items_where_all_hosts_are_right() {
    for deal in [
        Deal::new(2, 2),
        Deal::new(3, 4),
        Deal::new(5, 4),
        Deal::of(vec![vec![1; 1], vec![2; 1_000], vec![3; 77]], 7, 4),
    ] {
        let mut table = deal.table();
        deal.start(&mut table, &mut honest);
        assert_eq!(table.seats[0].state().rounds, deal.rounds());
        table.play(&mut honest);
        for seat in &table.seats {
            assert_eq!(seat.items().as_ref(), Some(&deal.items));
        }
    }
}

#[test]
fn a_signature_is_exchanged_for_the_key_of_a_file() {
    let key = SigningKey::from_bytes(&[9; 32]);
    let contract = sha256(b"what is bought, and for how much");
    let mut deal = Deal::of(
        vec![
            key.sign(&contract).to_bytes().to_vec(),
            b"key of a file".to_vec(),
        ],
        1,
        2,
    );
    deal.descriptions[0] = Description {
        bytes: 64,
        hash: contract,
        signer: Some(key.verifying_key().to_bytes()),
    };
    let mut table = deal.table();
    deal.start(&mut table, &mut honest);
    table.play(&mut honest);
    assert_eq!(table.seats[1].items(), Some(deal.items.clone()));
}

/// It is refused before anything is said of it, and the card is in no session.
#[test]
fn who_would_give_something_else_takes_no_part() {
    let deal = Deal::new(2, 2);
    let mut table = deal.table();
    for wrong in [vec![], vec![7; 8], vec![1; 7], vec![1; 9]] {
        let order = OpenSession {
            input: wrong,
            ..deal.open(&table)
        };
        let said = table.seats[0].order(order);
        assert_eq!(refusal(&said), Some(RefusalCode::Malformed));
        assert_eq!(said.len(), 1);
    }
    let said = deal.opened(&mut table);
    assert_eq!(refusal(&said), None);
    table.deliver(said, &mut honest);
    let join = JoinSession {
        input: deal.items[0].clone(),
        ..deal.join(&table, 1)
    };
    let said = table.seats[1].order(join);
    assert_eq!(refusal(&said), Some(RefusalCode::Malformed));
    let said = table.seats[1].order(AttendSession {});
    assert_eq!(refusal(&said), Some(RefusalCode::NotFound));
}

/// Loses the packets of a round, counted from 1, between two members.
fn losing(
    table: &Table,
    round: u32,
    from: usize,
    to: usize,
) -> impl FnMut(&Message) -> Vec<Message> + use<> {
    let ends = (table.seats[from].id(), table.seats[to].id());
    let mut passed = 0;
    move |message| {
        let header = &message.header;
        let is_theirs = (header.src, header.dst) == ends;
        passed += u32::from(is_theirs && header.mtype == Mtype::SESSION_PACKET);
        match is_theirs && passed == round {
            true => vec![],
            false => vec![message.clone()],
        }
    }
}

#[test]
fn one_packet_lost_before_the_agreement_and_nobody_gets_anything() {
    let deal = Deal::new(3, 4);
    for round in 1..=deal.setup_rounds {
        for (from, to) in [(0, 1), (1, 2), (2, 0)] {
            let mut table = deal.table();
            deal.start(&mut table, &mut honest);
            let mut carry = losing(&table, round, from, to);
            table.play(&mut carry);
            assert!(all(Outcome::Refused, &table), "{round}: {from} to {to}");
        }
    }
}

/// Fewer than half are corrupt: whenever one crashes, it is the same for the others.
#[test]
fn a_host_that_crashes_leaves_the_others_alike() {
    let deal = Deal::new(3, 4);
    let mut seen = Vec::new();
    for crash in 0..=deal.rounds() {
        let mut table = deal.table();
        deal.start(&mut table, &mut honest);
        (0..crash).for_each(|_| table.round(&mut honest));
        table.crashed.push(1);
        table.play(&mut honest);
        let others = [0, 2].map(|at| table.seats[at].outcome().unwrap());
        assert_eq!(others[0], others[1], "in round {crash}");
        seen.push(others[0]);
    }
    assert_eq!(seen[0], Outcome::Refused);
    assert_eq!(seen[deal.rounds() as usize], Outcome::Result);
}

#[test]
fn a_card_is_told_early_sends_on_to_the_last_round_and_says_when_that_is_over() {
    let deal = Deal::new(2, 40);
    let mut table = deal.table();
    deal.start(&mut table, &mut honest);
    while table.seats[0].items().is_none() {
        table.round(&mut honest);
    }
    let told_in = table.seats[0].state().round;
    assert!(told_in < deal.rounds(), "{told_in}: the last of all slots");
    assert_eq!(table.seats[0].state().stage, Stage::Running as u8);
    table.play(&mut honest);
    let over = table.seats[0].state();
    assert_eq!((over.stage, over.round), (Stage::Over as u8, deal.rounds()));
    assert!(table.seats.iter().all(|seat| seat.items().is_some()));
    // It can be asked for again.
    table.seats[0].inbox.clear();
    let said = table.seats[0].order(AttendSession {});
    table.deliver(said, &mut honest);
    assert_eq!(table.seats[0].items(), Some(deal.items.clone()));
}

/// Also if the agreement itself comes to it, since a host that knew when that was would know the slot; and a program
/// that attends to the session would take it for over.
#[test]
fn a_refusal_is_told_after_the_last_round_whatever_was_missing() {
    let deal = Deal::new(3, 4);
    for lost in 1..=deal.rounds() {
        let mut table = deal.table();
        deal.start(&mut table, &mut honest);
        let silent = table.seats[0].id();
        let mut round = 0;
        while table.seats[1].outcome().is_none() {
            round += 1;
            let mut carry = |message: &Message| {
                let is_packet = message.header.mtype == Mtype::SESSION_PACKET;
                match round == lost && message.header.src == silent && is_packet {
                    true => vec![],
                    false => vec![message.clone()],
                }
            };
            table.round(&mut carry);
        }
        let is_refused = table.seats[1].outcome() == Some(Outcome::Refused);
        assert!(!is_refused || table.seats[1].is_over(), "{lost}: {round}");
    }
}

#[test]
fn who_leaves_before_the_agreement_has_all_refuse() {
    let deal = Deal::new(3, 4);
    let mut table = deal.table();
    deal.start(&mut table, &mut honest);
    table.round(&mut honest);
    let said = table.seats[1].order(LeaveSession {});
    table.deliver(said, &mut honest);
    table.play(&mut honest);
    let refused = Some(Outcome::Refused);
    assert_eq!(outcomes(&table), [refused, Some(Outcome::Left), refused]);
}

/// What was told stays told, and is all that is told.
#[test]
fn who_leaves_after_the_result_has_it() {
    let deal = Deal::new(2, 40);
    let mut table = deal.table();
    deal.start(&mut table, &mut honest);
    while table.seats[0].items().is_none() {
        table.round(&mut honest);
    }
    let said = table.seats[0].order(LeaveSession {});
    table.deliver(said, &mut honest);
    assert_eq!(table.seats[0].state().stage, Stage::Over as u8);
    table.play(&mut honest);
    assert!(table.seats.iter().all(|seat| seat.items().is_some()));
    let said = table.seats[0].order(LeaveSession {});
    assert_eq!(refusal(&said), Some(RefusalCode::NotFound));
}
