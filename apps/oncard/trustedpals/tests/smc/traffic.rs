//! What hosts see of it.

use std::sync::atomic::Ordering;

use oncard_trustedpals::party::{Output, Said};

use crate::auction::{Auction, SLICES};
use crate::table::{COVER_ROUNDS, Sent, Table, honest, plan};

/// All that a host sees of a message without the keys.
fn outside(sent: &Sent) -> (usize, usize, u32, usize) {
    match &sent.said {
        Said::First(bytes) | Said::Second(bytes) => (sent.from, sent.to, 0, bytes.len()),
        Said::Packet { round, packet } => (sent.from, sent.to, *round, packet.len()),
    }
}

fn seen(bids: &[u64], t: usize) -> Vec<(usize, usize, u32, usize)> {
    let mut table = Table::new(bids, t, &mut honest);
    table.play(&mut honest);
    table.sent.iter().map(outside).collect()
}

#[test]
fn the_traffic_is_the_same_whatever_the_inputs_are() {
    assert_eq!(seen(&[1, 2, 3, 4, 5], 2), seen(&[9, 9, 9, 9, 9], 2));
}

#[test]
fn each_round_every_card_sends_one_packet_of_one_size_to_every_other() {
    let n = 4;
    let seen = seen(&[5, 6, 7, 8], 1);
    let last = plan(n, 1, 0).last_round();
    assert_eq!(last, COVER_ROUNDS + 2 + 3);
    for round in 1..=last {
        let packets: Vec<_> = seen.iter().filter(|it| it.2 == round).collect();
        assert_eq!(packets.len(), n * (n - 1));
        assert!(
            packets
                .iter()
                .all(|it| it.3 == plan(n, 1, 0).packet_bytes())
        );
    }
    assert!(seen.iter().all(|it| it.2 <= last));
}

/// A card that halts goes on sending, so that nobody sees it from outside.
#[test]
fn a_card_that_halted_sends_as_much_as_the_others() {
    let mut carry = |sent: Sent| match (sent.to, &sent.said) {
        (0, Said::Packet { .. }) => Vec::new(),
        _ => vec![sent],
    };
    let mut table = Table::new(&[1, 2, 3], 1, &mut carry);
    table.play(&mut carry);
    let of = |member: usize| {
        let packets = table.sent.iter().filter(|it| it.from == member);
        packets
            .filter(|it| matches!(it.said, Said::Packet { .. }))
            .count()
    };
    assert_eq!((of(0), of(1)), (of(2), of(2)));
}

/// Nor from how long it takes: it computes, on nothing.
#[test]
fn a_card_that_halted_works_as_much_as_the_others() {
    let mut carry = |sent: Sent| match (sent.from, &sent.said) {
        (0, Said::Packet { .. }) => Vec::new(),
        _ => vec![sent],
    };
    let mut table = Table::new(&[1, 2, 3], 1, &mut carry);
    table.play(&mut carry);
    assert_eq!(table.parties[0].machine().output(), Some(&Output::Halted));
    let slices = |it: &Auction| it.slices.load(Ordering::Relaxed);
    let slices: Vec<u32> = table.auctions.iter().map(slices).collect();
    assert_eq!(slices, [SLICES; 3]);
}

#[test]
fn no_bid_passes_in_the_clear() {
    let bid = 0x1122_3344_5566_7788_u64;
    let mut table = Table::new(&[bid, 1, 2], 1, &mut honest);
    table.play(&mut honest);
    let is_in = |bytes: &[u8]| bytes.windows(8).any(|it| it == bid.to_be_bytes());
    let leaks = |sent: &Sent| match &sent.said {
        Said::First(bytes) | Said::Second(bytes) | Said::Packet { packet: bytes, .. } => {
            is_in(bytes)
        }
    };
    assert!(!table.sent.iter().any(leaks));
}
