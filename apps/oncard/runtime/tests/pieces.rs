//! Commands in links and responses in pieces: a card behind a reader that carries short APDUs only.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{Made, made, selected};
use libetp::Message;
use libetp::exchange::apdu::Apdu;
use libetp::exchange::{COMMAND_DATA_BYTES_MAX, CommandBuilder, ExchangeReply, SelectReply};
use libetp::limits::MESSAGE_BYTES_MAX;
use libetp::params::host::Ping;
use libetp::params::runtime::ReservePorts;
use oncard_runtime::{Card, MemoryStore};
use proptest::prelude::*;

const OK: [u8; 2] = [0x90, 0x00];
const WRONG_LENGTH: [u8; 2] = [0x67, 0x00];
const NOT_SELECTED: [u8; 2] = [0x69, 0x85];
const WRONG_DATA: [u8; 2] = [0x6A, 0x80];
const WRONG_PARAMETERS: [u8; 2] = [0x6A, 0x86];

/// An EXCHANGE of short length, a link if another follows.
fn short(sequence: u8, data: &[u8], another: bool, expected: Option<usize>) -> Vec<u8> {
    let mut bytes = vec![];
    let apdu = Apdu {
        class: if another { 0x90 } else { 0x80 },
        instruction: 0xC2,
        p1: 0,
        p2: sequence,
        data,
        expected,
    };
    apdu.write_short(&mut bytes);
    bytes
}

fn get_response(class: u8, expected: u8) -> [u8; 5] {
    [class, 0xC0, 0, 0, expected]
}

/// Sends a whole command in links of these sizes, the last size again and again, and fetches the response in pieces of
/// at most `expected`.
fn in_pieces(
    card: &mut Card<MemoryStore>,
    whole: &[u8],
    links: &[usize],
    expected: usize,
) -> Vec<u8> {
    let apdu = Apdu::parse(whole).unwrap();
    let mut sizes = links.iter().chain(std::iter::repeat(links.last().unwrap()));
    let mut rest = apdu.data;
    loop {
        let (link, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
        rest = after;
        if rest.is_empty() {
            let response = card.transmit(&short(apdu.p2, link, false, Some(expected)));
            return fetch(card, response, expected);
        }
        assert_eq!(card.transmit(&short(apdu.p2, link, true, None)), OK);
    }
}

fn fetch(card: &mut Card<MemoryStore>, first: Vec<u8>, expected: usize) -> Vec<u8> {
    let mut response = first;
    while let [data @ .., 0x61, left] = response.as_slice() {
        assert!(
            data.len() % expected == 0,
            "a piece is full before another comes"
        );
        let data = data.to_vec();
        let piece = card.transmit(&get_response(0x80, expected as u8));
        let min = if *left == 0 { 256 } else { (*left).into() };
        assert!(piece.len() - 2 >= expected.min(min));
        response = [data, piece].concat();
    }
    response
}

fn pings(made: &Made, sizes: &[usize]) -> Vec<Message> {
    let ping = |size: &usize| {
        made.from(
            5,
            Ping {
                nonce: vec![*size as u8; *size],
            },
        )
    };
    sizes.iter().map(ping).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a command comes and however its response goes, card and host are where they would be.
    #[test]
    fn pieces_change_nothing(
        sizes in prop::collection::vec(0usize..=64, 0..40),
        links in prop::collection::vec(1usize..=255, 1..20),
        expected in 1usize..=256,
    ) {
        let made = made();
        let (mut whole, mut pieces) = (made.boot(), made.boot());
        let host = selected(&mut whole);
        selected(&mut pieces);
        let command = host.command(&pings(&made, &sizes));
        let response = whole.transmit(&command);
        prop_assert_eq!(&in_pieces(&mut pieces, &command, &links, expected), &response);
        prop_assert_eq!(pieces.store(), whole.store());
        // Its repetition is known again, in other links and in one.
        let kept = pieces.store().clone();
        prop_assert_eq!(&in_pieces(&mut pieces, &command, &[200], 256), &response);
        prop_assert_eq!(&pieces.transmit(&command), &response);
        prop_assert_eq!(pieces.store(), &kept);
    }
}

#[test]
fn a_command_without_le_tells_how_much_there_is() {
    let made = made();
    let mut card = made.boot();
    let select = *b"\x00\xA4\x04\x00\x10\xF0eTPcardsession1";
    let length = SelectReply::LEN as u8;
    assert_eq!(card.transmit(&select), [0x61, length]);
    let reply = card.transmit(&get_response(0x00, length));
    assert_eq!(SelectReply::parse(&reply).unwrap().domain, made.domain());
    assert_eq!(card.transmit(&short(0, &[], false, None)), [0x61, 2]);
    assert_eq!(card.transmit(&get_response(0x80, 1)), [0xFF, 0x61, 1]);
    assert_eq!(card.transmit(&get_response(0x80, 0)), [0xFF, 0x90, 0]);
    assert_eq!(
        card.transmit(&get_response(0x80, 0)),
        NOT_SELECTED,
        "nothing is left"
    );
}

/// `61` is what is left of this response, `91` what waits in the card: the first ends with the response, the second
/// comes at its end.
#[test]
fn the_end_of_the_response_has_the_commands_own_status() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    // More answers than one response carries, from commands of which the host got none.
    let mut large = CommandBuilder::new(COMMAND_DATA_BYTES_MAX as u32, MESSAGE_BYTES_MAX as u32);
    for message in pings(&made, &[64; 64]) {
        large.push(&message).unwrap();
    }
    let large = large.finish(0);
    for sequence in 0..12 {
        let mut command = large.clone();
        command[3] = sequence;
        card.transmit(&command);
        host.select(&mut card).unwrap();
        let mut first = large.clone();
        first[3] = 0;
        card.transmit(&first);
        host.select(&mut card).unwrap();
    }
    let empty = host.command(&[]);
    let response = in_pieces(&mut card, &empty, &[1], 256);
    let reply = ExchangeReply::parse(&response).unwrap();
    assert!(reply.more, "{:02X?}", &response[response.len() - 2..]);
    assert!(response.len() > 65_000);
}

#[test]
fn another_command_ends_a_chain_and_drops_what_was_not_fetched() {
    let made = made();
    let mut card = made.boot();
    let host = selected(&mut card);
    let command = host.command(&[made.order(ReservePorts {})]);
    let data = Apdu::parse(&command).unwrap().data;
    let (first, last) = data.split_at(20);
    let others: [&[u8]; 6] = [
        &[0x80, 0xC2, 1, 0],
        &get_response(0x80, 0),
        &[0x80, 0xB0, 0, 0],
        &short(1, &[], false, Some(256)),
        b"\x00\xA4\x04\x00\x08\xF0eTPcarX\x00",
        &[0x80],
    ];
    for other in others {
        assert_eq!(card.transmit(&short(0, first, true, None)), OK);
        assert_ne!(card.transmit(other), OK);
        let alone = card.transmit(&short(0, last, false, Some(256)));
        assert_eq!(alone, WRONG_DATA, "the first link is forgotten");
    }
    assert_eq!(card.transmit(&short(0, first, true, None)), OK);
    assert_eq!(
        card.transmit(&short(7, first, true, None)),
        OK,
        "a chain of its own"
    );
    let response = in_pieces(&mut card, &command, &[255], 256);
    let reply = ExchangeReply::parse(&response).unwrap();
    assert_eq!(reply.messages.len(), 1, "carried out once");
    let repeated = card.transmit(&short(0, data, false, Some(8)));
    assert_eq!(repeated[8..], [0x61, response.len() as u8 - 10]);
    assert_eq!(card.transmit(&[0x80, 0xC2, 1, 0]), WRONG_PARAMETERS);
    assert_eq!(
        card.transmit(&get_response(0x80, 0)),
        NOT_SELECTED,
        "it is dropped"
    );
}

#[test]
fn power_loss_ends_a_chain_and_what_was_not_fetched() {
    let made = made();
    let mut card = made.boot();
    let host = selected(&mut card);
    let command = host.command(&[made.order(ReservePorts {})]);
    let data = Apdu::parse(&command).unwrap().data;
    card.transmit(&short(0, &data[..20], true, None));
    card.power_up([2; 32]).unwrap();
    selected(&mut card);
    let alone = card.transmit(&short(0, &data[20..], false, Some(256)));
    assert_eq!(alone, WRONG_DATA);
    card.transmit(&short(0, data, false, None));
    card.power_up([3; 32]).unwrap();
    assert_eq!(card.transmit(&get_response(0x80, 0)), NOT_SELECTED);
}

#[test]
fn only_exchange_is_chained_and_only_with_its_parameters() {
    let made = made();
    let mut card = made.boot();
    let select = *b"\x10\xA4\x04\x00\x10\xF0eTPcardsession1\x00";
    assert_eq!(card.transmit(&select), [0x68, 0x84]);
    assert_eq!(card.transmit(&[0x90, 0xB0, 0, 0]), [0x68, 0x84]);
    assert_eq!(card.transmit(&[0x90, 0xC2, 1, 0, 1, 7]), WRONG_PARAMETERS);
    assert_eq!(card.transmit(&[0x80, 0xC0, 1, 0, 0]), WRONG_PARAMETERS);
    assert_eq!(card.transmit(&[0x80, 0xC0, 0, 0, 1, 7]), WRONG_LENGTH);
}

#[test]
fn a_chain_has_as_much_data_as_a_command_and_not_a_byte_more() {
    let made = made();
    let mut card = made.boot();
    let host = selected(&mut card);
    let largest = Ping {
        nonce: vec![7; MESSAGE_BYTES_MAX - 34 - 4],
    };
    let command = host.command(&[made.from(5, largest)]);
    assert_eq!(command.len(), 9 + 2 + MESSAGE_BYTES_MAX);
    let whole = made_answer(&made, &command);
    assert_eq!(in_pieces(&mut card, &command, &[255], 256), whole);
    let link = [0; 255];
    for _ in 0..COMMAND_DATA_BYTES_MAX / 255 {
        assert_eq!(card.transmit(&short(1, &link, true, None)), OK);
    }
    assert_eq!(COMMAND_DATA_BYTES_MAX % 255, 0);
    assert_eq!(card.transmit(&short(1, &[0], true, None)), WRONG_LENGTH);
    let alone = card.transmit(&short(1, &[], false, Some(256)));
    assert_eq!(alone, [0xFF, 0xFF, 0x90, 0], "it is forgotten whole");
}

fn made_answer(made: &Made, command: &[u8]) -> Vec<u8> {
    let mut card = made.boot();
    selected(&mut card);
    card.transmit(command)
}
