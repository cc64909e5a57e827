//! An auction among cards.

use libetp::codec::to_vec;
use libetp::params::Param;
use libetp::params::pals::{Outcome, Packet, SessionState, Stage};
use libetp::{Message, Mtype};
use oncard_trustedpals::MEMBERS_MAX;

use crate::table::{COVER_ROUNDS, SLICES, Sale, Seat, Table, honest};

#[test]
fn the_highest_bid_wins_at_the_second_price_and_nobody_else_learns_anything() {
    let mut table = Table::new(3);
    table.start(&[30, 70, 50], &mut honest);
    table.play(&mut honest);
    let results: Vec<_> = table.seats.iter().map(Seat::auction).collect();
    assert_eq!(results, [Sale::Lost, Sale::Won(50), Sale::Lost]);
    assert!(
        table
            .seats
            .iter()
            .all(|it| it.outcome() == Some(Outcome::Result))
    );
}

/// A host crashes, another loses most of what passes it: the others are told the same.
#[test]
fn a_host_that_crashes_and_one_that_drops_change_nothing_for_the_others() {
    let mut table = Table::new(5);
    table.start(&[10, 20, 30, 70, 50], &mut honest);
    let dropping = table.seats[1].id();
    let mut passed = 0;
    let mut drop_most = |message: &Message| {
        let header = &message.header;
        passed += usize::from(header.src == dropping || header.dst == dropping);
        match (header.src == dropping || header.dst == dropping) && passed % 4 != 0 {
            true => vec![],
            false => vec![message.clone()],
        }
    };
    table.round(&mut drop_most);
    table.round(&mut drop_most);
    table.crashed.push(0);
    table.play(&mut drop_most);
    let results: Vec<_> = table.seats[2..].iter().map(Seat::auction).collect();
    assert_eq!(results, [Sale::Lost, Sale::Won(50), Sale::Lost]);
    assert_eq!(table.seats[1].outcome(), Some(Outcome::Halted));
}

#[test]
fn the_host_is_told_who_is_missing_and_when_nobody_is() {
    let mut table = Table::new(3);
    table.start(&[1, 2, 3], &mut honest);
    let state = table.seats[0].state();
    let stage = |state: &SessionState| Stage::from_u8(state.stage).unwrap();
    assert_eq!(
        (stage(&state), state.round, state.present),
        (Stage::Linking, 0, 0b111)
    );
    table.round(&mut honest);
    let state = table.seats[0].state();
    assert_eq!(
        (stage(&state), state.round, state.present),
        (Stage::Running, 1, 0b111)
    );
    table.crashed.push(2);
    table.round(&mut honest);
    table.round(&mut honest);
    let state = table.seats[0].state();
    assert_eq!((state.round, state.missed), (3, 0b100));
    assert_eq!(state.rounds, COVER_ROUNDS + 2 + SLICES);
}

#[test]
fn nothing_is_told_before_the_last_round() {
    let mut table = Table::new(3);
    table.start(&[1, 2, 3], &mut honest);
    let rounds = table.seats[0].state().rounds;
    for _ in 0..=rounds {
        assert!(table.seats.iter().all(|seat| seat.outcome().is_none()));
        table.round(&mut honest);
    }
    assert!(table.seats.iter().all(|seat| seat.outcome().is_some()));
}

#[test]
fn a_host_that_does_not_let_its_card_compute_gets_nothing() {
    let mut table = Table::new(3);
    table.start(&[9, 8, 7], &mut honest);
    table.idle = Some(0);
    table.play(&mut honest);
    assert_eq!(table.seats[0].outcome(), Some(Outcome::Trapped));
    assert_eq!(table.seats[1].auction(), Sale::Lost);
}

#[test]
fn a_session_of_the_most_members_comes_to_its_end() {
    let mut table = Table::new(MEMBERS_MAX);
    let bids: Vec<u64> = (1..=MEMBERS_MAX as u64).map(|it| it * 10).collect();
    table.start(&bids, &mut honest);
    table.play(&mut honest);
    assert_eq!(table.seats[31].auction(), Sale::Won(310));
    assert!(
        table.seats[..31]
            .iter()
            .all(|seat| seat.auction() == Sale::Lost)
    );
}

#[test]
fn a_packet_under_another_label_is_not_heard() {
    let mut table = Table::new(3);
    table.start(&[1, 2, 3], &mut honest);
    let (from, to) = (table.seats[0].id(), table.seats[1].id());
    let mut relabel = |message: &Message| {
        let mut message = message.clone();
        let header = &message.header;
        if header.mtype == Mtype::SESSION_PACKET && (header.src, header.dst) == (from, to) {
            let mut packet = Packet::from_param(&message.param).unwrap();
            packet.session[0] ^= 1;
            message.param = to_vec(&packet);
        }
        vec![message]
    };
    table.round(&mut relabel);
    table.round(&mut honest);
    assert_eq!(table.seats[1].state().missed, 0b001);
    assert_eq!(table.seats[2].state().missed, 0);
}
