//! What a card holds, page by page, each in one message.

use libetp::codec::to_vec;
use libetp::limits::{MESSAGE_BYTES_MAX, PROMISE_BYTES_MAX};
use libetp::params::voucher::{Holding, ListVouchers, Vid, Vouchers};
use simulator::world::World;

use crate::bench::{Pair, Seat, one, seat, world};

fn pages(card: &mut Seat) -> Vec<Vec<Vid>> {
    let mut pages = Vec::new();
    let mut after = None;
    loop {
        let answers = card.order(&ListVouchers { after });
        assert!(
            answers
                .iter()
                .all(|message| message.wire_len() <= MESSAGE_BYTES_MAX)
        );
        let page: Vouchers = one(&answers);
        let vids: Vec<Vid> = page.vouchers.0.iter().map(|holding| holding.vid).collect();
        assert!(
            page.vouchers
                .0
                .iter()
                .all(|holding| holding.voucher.vid() == holding.vid)
        );
        after = vids.last().copied();
        pages.push(vids);
        if !page.more {
            return pages;
        }
    }
}

#[test]
fn an_empty_card_has_one_empty_page() {
    let world = world();
    assert_eq!(pages(&mut seat(&world, "a")), vec![Vec::<Vid>::new()]);
}

#[test]
fn the_largest_vouchers_come_three_to_a_page_and_none_is_left_out() {
    let world = world();
    let mut card = seat(&world, "a");
    let promise = vec![b'x'; PROMISE_BYTES_MAX];
    let mut vids: Vec<Vid> = (0..7)
        .map(|serial| card.issue(&world, &world.voucher(serial, &promise, 0)))
        .collect();
    vids.sort();
    let pages = pages(&mut card);
    let sizes: Vec<usize> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [3, 3, 1]);
    assert_eq!(pages.concat(), vids);
}

/// Bytes of a holding beside its promise, if that has 256 to 65,535 bytes.
fn frame_len(world: &World) -> usize {
    let voucher = world.voucher(0, &[b'x'; 256], 0);
    let vid = voucher.vid();
    to_vec(&Holding { vid, voucher }).len() - 256
}

#[test]
fn a_page_that_is_just_full_is_the_last_one() {
    // Four vouchers whose holdings fill a page exactly; then with one byte more.
    let page = oncard_voucher::limits::PAGE_BYTES_MAX;
    for (surplus, expected) in [(0, vec![4]), (1, vec![3, 1])] {
        let world = world();
        let mut card = seat(&world, "a");
        let room = page - 4 * frame_len(&world) + surplus;
        let mut lengths = vec![room / 4; 3];
        lengths.push(room - 3 * (room / 4));
        for (serial, length) in lengths.into_iter().enumerate() {
            let promise = vec![b'x'; length];
            card.issue(&world, &world.voucher(serial as u64, &promise, 0));
        }
        let sizes: Vec<usize> = pages(&mut card).iter().map(Vec::len).collect();
        assert_eq!(sizes, expected);
    }
}

#[test]
fn what_is_given_in_a_running_exchange_is_not_held() {
    let mut pair = Pair::new();
    pair.agreement();
    assert_eq!(pages(&mut pair.b), vec![Vec::<Vid>::new()]);
}
