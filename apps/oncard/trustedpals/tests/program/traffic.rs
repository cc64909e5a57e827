//! What hosts see of it.

use std::collections::BTreeMap;

use libetp::{EntityId, Message, Mtype};

use crate::table::{Table, honest};

pub(crate) type Seen = Vec<(EntityId, EntityId, Mtype, usize)>;

fn seen(bids: &[u64]) -> Seen {
    let mut table = Table::new(bids.len());
    table.start(bids, &mut honest);
    table.play(&mut honest);
    traffic(&table)
}

/// All that hosts see of what cards send to cards, but for the bytes.
pub(crate) fn traffic(table: &Table) -> Seen {
    let outside = |it: &Message| {
        (
            it.header.src,
            it.header.dst,
            it.header.mtype,
            it.param.len(),
        )
    };
    table.sent.iter().map(outside).collect()
}

#[test]
fn the_traffic_is_the_same_whatever_the_inputs_are() {
    assert_eq!(seen(&[1, 2, 3, 4, 5]), seen(&[0, 9, 9, u64::MAX, 9]));
}

#[test]
fn each_round_every_card_sends_one_packet_of_one_size_to_every_other() {
    let n = 4;
    let mut table = Table::new(n);
    table.start(&[5, 6, 7, 8], &mut honest);
    let rounds = table.seats[0].state().rounds as usize;
    table.play(&mut honest);
    let mut packets: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for message in table
        .sent
        .iter()
        .filter(|it| it.header.mtype == Mtype::SESSION_PACKET)
    {
        let pair = (message.header.src, message.header.dst);
        packets.entry(pair).or_default().push(message.param.len());
    }
    assert_eq!(packets.len(), n * (n - 1));
    let size = packets.values().next().unwrap()[0];
    assert!(packets.values().all(|sizes| *sizes == vec![size; rounds]));
}

#[test]
fn no_bid_passes_in_the_clear_nor_is_it_stored() {
    let bid = 0x1122_3344_5566_7788_u64;
    let mut table = Table::new(3);
    table.start(&[bid, 1, 2], &mut honest);
    let is_in = |bytes: &[u8]| bytes.windows(8).any(|it| it == bid.to_be_bytes());
    let rounds = table.seats[0].state().rounds;
    for _ in 0..=rounds {
        let stored = table.seats[0].stored();
        assert!(!stored.iter().any(|(_, value)| is_in(value)));
        table.round(&mut honest);
    }
    assert!(!table.sent.iter().any(|message| is_in(&message.param)));
}
