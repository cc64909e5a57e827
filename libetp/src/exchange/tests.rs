use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::apdu::Apdu;
use super::*;
use crate::id::Domain;
use crate::limits::{HEADER_LEN, MESSAGE_BYTES_MAX};
use crate::message::{Message, MessageError};
use crate::mtype::Mtype;

fn message(bytes: usize) -> Message {
    let id = Domain([2; 12]).card();
    Message::new(id, id, Mtype::PING, vec![7; bytes - HEADER_LEN])
}

fn builder() -> CommandBuilder {
    CommandBuilder::new(COMMAND_DATA_BYTES_MAX as u32, MESSAGE_BYTES_MAX as u32)
}

fn exchange(bytes: &[u8]) -> Result<ExchangeCommand<'_>, CommandError> {
    match Command::parse(bytes)? {
        Command::Exchange(command) => Ok(command),
        Command::Select(_) => panic!("a SELECT"),
    }
}

fn reply() -> SelectReply {
    SelectReply {
        same_session: true,
        last_sequence: 9,
        domain: Domain([2; 12]),
        max_command_data: 65_535,
        max_message: 65_524,
        boot_id: [3; 8],
        generation: 0x0102_0304_0506_0708,
        next_ms: ONLY_WHEN_SPOKEN_TO_MS,
    }
}

fn with_status(mut data: Vec<u8>, status: StatusWord) -> Vec<u8> {
    data.extend_from_slice(&status.0.to_be_bytes());
    data
}

#[test]
fn select_reads_back() {
    let command = SelectCommand {
        session: *b"sessionX",
    };
    let bytes = command.to_bytes();
    assert_eq!(&bytes[..13], b"\x00\xA4\x04\x00\x10\xF0eTPcard");
    assert_eq!(Command::parse(&bytes), Ok(Command::Select(command)));
}

#[test]
fn the_reply_to_select_reads_back_and_every_cut_is_named() {
    let data = reply().to_data();
    assert_eq!(data.len(), SelectReply::LEN);
    let response = with_status(data.to_vec(), StatusWord::OK);
    assert_eq!(SelectReply::parse(&response), Ok(reply()));
    for length in 0..data.len() {
        let cut = with_status(data[..length].to_vec(), StatusWord::OK);
        assert_eq!(
            SelectReply::parse(&cut),
            Err(ReplyError::Truncated),
            "{length}"
        );
    }
    let surplus = with_status([&data[..], &[0]].concat(), StatusWord::OK);
    assert_eq!(SelectReply::parse(&surplus), Err(ReplyError::Trailing));
    let mut other = response;
    other[0] = 2;
    assert_eq!(SelectReply::parse(&other), Err(ReplyError::Version(2)));
    other[0] = 1;
    other[1] = 2;
    assert_eq!(SelectReply::parse(&other), Err(ReplyError::Flags(2)));
    let refused = with_status(vec![], StatusWord::NOT_FOUND);
    assert_eq!(
        SelectReply::parse(&refused),
        Err(ReplyError::Status(StatusWord::NOT_FOUND))
    );
    assert_eq!(SelectReply::parse(&[]), Err(ReplyError::Empty));
    assert_eq!(SelectReply::parse(&[0x90]), Err(ReplyError::Empty));
}

#[test]
fn executed_needs_session_number_and_a_new_generation() {
    let last = reply();
    assert!(last.executed(9, last.generation - 1));
    assert!(!last.executed(9, last.generation), "nothing happened since");
    assert!(!last.executed(10, last.generation - 1));
    let other = SelectReply {
        same_session: false,
        last_sequence: 0xFF,
        ..last
    };
    assert!(!other.executed(0xFF, last.generation - 1));
}

/// ISO/IEC 7816-4, 5.1: the seven cases.
#[test]
fn a_command_apdu_is_written_in_seven_ways() {
    let data = [7; 3];
    let apdu = |data, expected| Apdu {
        class: 0x80,
        instruction: 0xC2,
        p1: 0,
        p2: 9,
        data,
        expected,
    };
    let cases: [(_, &[u8], _); 7] = [
        (apdu(&[], None), &[], true),
        (apdu(&[], Some(256)), &[0], true),
        (apdu(&data, None), &[3, 7, 7, 7], true),
        (apdu(&data, Some(5)), &[3, 7, 7, 7, 5], true),
        (apdu(&[], Some(65_536)), &[0, 0, 0], false),
        (apdu(&data, None), &[0, 0, 3, 7, 7, 7], false),
        (apdu(&data, Some(258)), &[0, 0, 3, 7, 7, 7, 1, 2], false),
    ];
    for (apdu, body, is_short) in cases {
        let bytes = [&[0x80, 0xC2, 0, 9], body].concat();
        assert_eq!(Apdu::parse(&bytes), Ok(apdu));
        let mut written = vec![];
        match is_short {
            true => apdu.write_short(&mut written),
            false => apdu.write_extended(&mut written),
        }
        assert_eq!(written, bytes);
    }
    let bodies: [&[u8]; 7] = [
        &[0, 1],
        &[3, 7, 7],
        &[3, 7, 7, 7, 5, 5],
        &[0, 0, 3, 7],
        &[0, 0, 3, 7, 7, 7, 1],
        &[0, 0, 3, 7, 7, 7, 1, 2, 3],
        &[0, 0, 0, 7],
    ];
    for body in bodies {
        let bytes = [&[0x80, 0xC2, 0, 9], body].concat();
        assert_eq!(Apdu::parse(&bytes), Err(CommandError::Length), "{body:?}");
    }
    assert_eq!(Apdu::parse(&[0x80, 0xC2, 0]), Err(CommandError::Length));
}

#[test]
fn short_is_what_a_short_length_can_say() {
    let data = [0; 256];
    let apdu = |len: usize, expected| Apdu {
        class: 0x80,
        instruction: 0xC2,
        p1: 0,
        p2: 0,
        data: &data[..len],
        expected,
    };
    assert!(apdu(255, Some(256)).is_short());
    assert!(!apdu(256, Some(256)).is_short());
    assert!(!apdu(255, Some(257)).is_short());
}

#[test]
fn a_command_is_hashed_in_one_form_however_it_came() {
    let mut builder = builder();
    builder.push(&message(40)).unwrap();
    let bytes = builder.finish(3);
    let mut short = vec![];
    let apdu = Apdu::parse(&bytes).unwrap();
    let expected = Some(1);
    Apdu { expected, ..apdu }.write_short(&mut short);
    assert_eq!(exchange(&short).unwrap().to_bytes(), bytes);
}

#[test]
fn pieces_are_told_by_status_words() {
    assert_eq!(StatusWord::rest(255).0, 0x61FF);
    assert_eq!(StatusWord::rest(256).0, 0x6100);
    assert!(StatusWord(0x6101).has_rest() && !StatusWord(0x6101).is_success());
    assert_eq!(StatusWord(0x6C05).right_expected(), Some(5));
    assert_eq!(StatusWord(0x6C00).right_expected(), Some(256));
    assert_eq!(StatusWord(0x6D00).right_expected(), None);
    assert!(StatusWord::NOT_SELECTED.is_registered());
    assert!(!StatusWord(0x6982).is_registered());
}

#[test]
fn an_empty_exchange_is_seven_bytes() {
    let bytes = builder().finish(5);
    assert_eq!(bytes, [0x80, 0xC2, 0, 5, 0, 0, 0]);
    let command = exchange(&bytes).unwrap();
    assert_eq!((command.sequence, command.frames().count()), (5, 0));
}

#[test]
fn the_largest_message_fits_in_a_command_and_in_a_response() {
    let largest = message(MESSAGE_BYTES_MAX);
    let mut command = builder();
    assert_eq!(command.push(&largest), Ok(()));
    assert_eq!(command.push(&message(HEADER_LEN)), Err(PushError::Full));
    let bytes = command.finish(0);
    assert_eq!(bytes.len(), COMMAND_OVERHEAD_BYTES + 2 + MESSAGE_BYTES_MAX);
    let read: Vec<Message> = exchange(&bytes).unwrap().messages().collect();
    assert_eq!(read, core::slice::from_ref(&largest));

    let mut response = ReplyBuilder::default();
    assert!(response.push(1, &largest.to_bytes()));
    assert!(!response.push(2, &message(HEADER_LEN).to_bytes()));
    let bytes = response.finish(7, StatusWord::more(HEADER_LEN));
    assert_eq!(bytes.len(), RESPONSE_DATA_BYTES_MAX + 2);
    let read = ExchangeReply::parse(&bytes).unwrap();
    assert_eq!(read.messages[0].message, largest);
    assert!(read.more);
}

#[test]
fn a_message_past_the_limit_is_refused_before_it_is_sent() {
    let mut command = builder();
    let past = message(MESSAGE_BYTES_MAX + 1);
    assert_eq!(command.push(&past), Err(PushError::TooLargeForCard));
    assert!(!ReplyBuilder::default().push(1, &past.to_bytes()));
    assert!(command.is_empty());
    let mut narrow = CommandBuilder::new(100, 1_000);
    assert_eq!(narrow.push(&message(99)), Err(PushError::TooLargeForCard));
    assert_eq!(narrow.push(&message(98)), Ok(()));
    let mut short = CommandBuilder::new(1_000, 100);
    assert_eq!(short.push(&message(101)), Err(PushError::TooLargeForCard));
    assert_eq!(short.push(&message(100)), Ok(()));
    assert_eq!(
        CommandBuilder::new(0, 0).push(&message(34)),
        Err(PushError::TooLargeForCard)
    );
}

#[test]
fn a_command_takes_so_many_messages_and_no_more() {
    let mut command = builder();
    for _ in 0..COMMAND_MESSAGES_MAX {
        assert_eq!(command.push(&message(HEADER_LEN)), Ok(()));
    }
    assert_eq!(command.push(&message(HEADER_LEN)), Err(PushError::Full));
    assert_eq!(command.len(), COMMAND_MESSAGES_MAX);
    let bytes = command.finish(1);
    assert_eq!(
        exchange(&bytes).unwrap().frames().count(),
        COMMAND_MESSAGES_MAX
    );
}

#[test]
fn a_response_with_a_bad_frame_gives_nothing() {
    let mut response = ReplyBuilder::default();
    response.push(1 << 16, &message(40).to_bytes());
    response.push(1 << 16 | 1, &message(34).to_bytes());
    let good = response.finish(0xFFFF, StatusWord::OK);
    let read = ExchangeReply::parse(&good).unwrap();
    assert_eq!(read.messages[1].generation(), 1);
    for cut in 1..good.len() - 2 {
        let cut = with_status(good[..cut].to_vec(), StatusWord::OK);
        let error = ExchangeReply::parse(&cut);
        let whole = [2usize, 2 + 50, 2 + 50 + 44];
        assert_eq!(error.is_ok(), whole.contains(&(cut.len() - 2)), "{cut:?}");
    }
    let mut short = good;
    short[1] = 33;
    let error = ExchangeReply::parse(&short).unwrap_err();
    assert_eq!(error, ReplyError::Frame(MessageError::TooShort(33)));
    let long = vec![0; RESPONSE_DATA_BYTES_MAX + 3];
    assert_eq!(
        ExchangeReply::parse(&long),
        Err(ReplyError::TooLong(RESPONSE_DATA_BYTES_MAX + 1))
    );
    let status = with_status(vec![], StatusWord::DESYNCHRONISED);
    let refused = ExchangeReply::parse(&status);
    assert_eq!(refused, Err(ReplyError::Status(StatusWord::DESYNCHRONISED)));
}

#[test]
fn more_tells_the_size_of_the_next_up_to_255() {
    assert_eq!(StatusWord::more(34).0, 0x9122);
    assert_eq!(StatusWord::more(255).0, 0x91FF);
    assert_eq!(StatusWord::more(256).0, 0x9100);
    assert!(StatusWord::more(256).is_success());
    assert!(!StatusWord::FAILED.is_success());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Command::parse(&bytes);
        let _ = SelectReply::parse(&bytes);
        let _ = ExchangeReply::parse(&bytes);
        let framed = [&[0x80, 0xC2, 0, 0, 0, (bytes.len() >> 8) as u8, bytes.len() as u8],
            &bytes[..], &[0, 0]].concat();
        if let Ok(command) = exchange(&framed) {
            prop_assert_eq!(command.frames().map(|f| f.len() + 2).sum::<usize>(), bytes.len());
        }
    }

    #[test]
    fn commands_read_back(
        sequence in any::<u8>(),
        sizes in prop::collection::vec(34usize..3_000, 0..30),
    ) {
        let mut command = builder();
        let mut sent = vec![];
        for size in sizes {
            match command.push(&message(size)) {
                Ok(()) => sent.push(message(size)),
                Err(error) => prop_assert_eq!(error, PushError::Full),
            }
        }
        let bytes = command.finish(sequence);
        let read = exchange(&bytes).unwrap();
        prop_assert_eq!(read.sequence, sequence);
        prop_assert_eq!(read.messages().collect::<Vec<_>>(), sent);
    }

    #[test]
    fn responses_read_back(
        numbers in prop::collection::vec((any::<u64>(), 34usize..3_000), 0..30),
        next_ms in any::<u16>(),
    ) {
        let mut response = ReplyBuilder::default();
        let mut sent = vec![];
        for (number, size) in numbers {
            let message = message(size);
            if response.push(number, &message.to_bytes()) {
                sent.push(Numbered { number, message });
            }
        }
        let read = ExchangeReply::parse(&response.finish(next_ms, StatusWord::OK)).unwrap();
        prop_assert_eq!(read, ExchangeReply { messages: sent, next_ms, more: false });
    }
}
