use proptest::prelude::*;

use super::*;
use crate::client::error::ProtocolError;
use crate::frame::Origin;
use crate::id::Domain;
use crate::message::Message;
use crate::params::Param;
use crate::params::host::Ping;
use crate::verdict::VerdictCode;

fn peer() -> EntityId {
    Domain([2; 12]).entity(crate::Port(7))
}

fn welcome(out: &mut Vec<u8>, number: u64) {
    let body = body::Welcome {
        version: frame::VERSION,
        software: "test".into(),
    };
    frame::write(out, kind::WELCOME, number, &[&codec::to_vec(&body)]);
}

fn deliver(out: &mut Vec<u8>, number: u64, nonce: &[u8]) {
    let nonce = nonce.to_vec();
    let message = Ping { nonce }.into_message(peer(), Domain([3; 12]).entity(crate::Port(1)));
    let origin = [Origin::App as u8];
    frame::write(out, kind::DELIVER, number, &[&origin, &message.to_bytes()]);
}

fn verdict(out: &mut Vec<u8>, number: u64, code: u16) {
    verdict_with(out, number, code, "why");
}

fn verdict_with(out: &mut Vec<u8>, number: u64, code: u16, detail: &str) {
    let detail = detail.into();
    let body = codec::to_vec(&body::VerdictBody { code, detail });
    frame::write(out, kind::VERDICT, number, &[&body]);
}

fn feed(session: &mut Session, bytes: &[u8]) -> Result<(), ClientError> {
    for chunk in bytes.chunks(64 * 1024) {
        session.space()[..chunk.len()].copy_from_slice(chunk);
        session.received(chunk.len())?;
    }
    Ok(())
}

/// A greeted session whose output is empty.
fn greeted() -> Session {
    let (mut session, hello) = Session::new("test");
    let mut bytes = Vec::new();
    welcome(&mut bytes, hello);
    feed(&mut session, &bytes).unwrap();
    assert!(matches!(session.reply(hello), Some(Reply::Welcome(_))));
    drain(&mut session);
    session
}

/// Kind and number of each frame in the output, which is then empty.
fn drain(session: &mut Session) -> Vec<(u8, u64)> {
    let bytes = session.output().to_vec();
    session.written(bytes.len());
    let (mut rest, mut frames) = (bytes.as_slice(), Vec::new());
    while let Some((frame, used)) = frame::parse(rest).unwrap() {
        frames.push((frame.kind, frame.number));
        rest = &rest[used..];
    }
    assert!(rest.is_empty());
    frames
}

fn protocol_error(result: Result<(), ClientError>) -> ProtocolError {
    match result {
        Err(ClientError::Protocol(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_increase_over_all_frames_of_a_program() {
    let mut session = greeted();
    assert_eq!(session.send(peer(), Mtype::PING, b"x").unwrap(), 2);
    assert_eq!(session.request(&Request::Flush), 3);
    assert_eq!(session.send(peer(), Mtype::PING, b"y").unwrap(), 4);
    let expected = [(kind::SEND, 2), (kind::FLUSH, 3), (kind::SEND, 4)];
    assert_eq!(drain(&mut session), expected);
}

#[test]
fn a_flush_returns_the_verdicts_before_it_and_keeps_the_later_ones() {
    let mut session = greeted();
    let early = session.send(peer(), Mtype::PING, b"1").unwrap();
    let flush = session.request(&Request::Flush);
    let late = session.send(peer(), Mtype::PONG, b"2").unwrap();
    let mut bytes = Vec::new();
    verdict(&mut bytes, late, VerdictCode::MailboxFull as u16);
    verdict(&mut bytes, early, VerdictCode::UnknownDestination as u16);
    frame::write(&mut bytes, kind::FLUSHED, flush, &[]);
    feed(&mut session, &bytes).unwrap();
    assert_eq!(session.reply(flush), Some(Reply::Flushed));
    let before = session.verdicts_before(flush);
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].number, early);
    assert_eq!(before[0].verdict.code, VerdictCode::UnknownDestination);
    let dst = peer();
    let mtype = Mtype::PONG;
    let rest = session.verdicts();
    assert_eq!(
        (rest[0].number, rest[0].sent),
        (late, Some(Sent { dst, mtype }))
    );
}

#[test]
fn taken_is_cumulative_and_stops_before_what_is_still_held() {
    let mut session = greeted();
    let mut bytes = Vec::new();
    (1..=4).for_each(|number| deliver(&mut bytes, number, &[number as u8]));
    feed(&mut session, &bytes).unwrap();
    let third = session.delivery_where(2, |_| true).unwrap();
    assert_eq!(third.number, 3);
    session.tell_taken();
    assert_eq!(drain(&mut session), []);
    assert_eq!(session.delivery().unwrap().number, 1);
    session.tell_taken();
    assert_eq!(drain(&mut session), [(kind::TAKEN, 1)]);
    assert_eq!(session.delivery().unwrap().number, 2);
    session.tell_taken();
    session.tell_taken();
    assert_eq!(drain(&mut session), [(kind::TAKEN, 3)]);
}

#[test]
fn explicit_taking_waits_for_the_program() {
    let mut session = greeted();
    session.set_taking(Taking::Explicit);
    let mut bytes = Vec::new();
    (1..=3).for_each(|number| deliver(&mut bytes, number, b""));
    feed(&mut session, &bytes).unwrap();
    session.delivery().unwrap();
    session.delivery().unwrap();
    session.tell_taken();
    assert_eq!(drain(&mut session), []);
    session.take(1);
    session.tell_taken();
    assert_eq!(drain(&mut session), [(kind::TAKEN, 1)]);
    session.take_received();
    session.tell_taken();
    assert_eq!(drain(&mut session), [(kind::TAKEN, 2)]);
    session.take(99);
    session.tell_taken();
    assert_eq!(drain(&mut session), [], "the third is still held");
}

#[test]
fn a_busy_receiver_tells_without_waiting() {
    let mut session = greeted();
    let mut bytes = Vec::new();
    (1..=40).for_each(|number| deliver(&mut bytes, number, b""));
    feed(&mut session, &bytes).unwrap();
    (0..40).for_each(|_| drop(session.delivery().unwrap()));
    let told = drain(&mut session);
    assert_eq!(told, [(kind::TAKEN, 32)]);
}

#[test]
fn what_was_not_received_by_the_end_is_not_handed_out() {
    let mut session = greeted();
    let mut bytes = Vec::new();
    deliver(&mut bytes, 1, b"");
    let closing = body::Closing {
        reason: body::RequestError::Fenced as u16,
        detail: "newer".into(),
    };
    frame::write(&mut bytes, kind::CLOSING, 0, &[&codec::to_vec(&closing)]);
    deliver(&mut bytes, 2, b"");
    feed(&mut session, &bytes).unwrap();
    assert_eq!(session.delivery(), None);
    let error = session.check().unwrap_err();
    assert_eq!(error.reason(), Some(body::RequestError::Fenced));
    assert!(matches!(greeted().ended(), ClientError::Disconnected));
}

#[test]
fn only_open_frames_are_answered() {
    let cases: [(u8, u64, &[u8]); 4] = [
        (kind::FLUSHED, 1, &[]),
        (kind::FLUSHED, 99, &[]),
        (kind::CONTROL_REPLY, 7, &[1]),
        (kind::RELEASED, 0, &[]),
    ];
    for (kind, number, body) in cases {
        let mut session = greeted();
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, number, &[body]);
        let error = protocol_error(feed(&mut session, &bytes));
        assert_eq!(error, ProtocolError::NotOpen(number));
        assert!(session.check().is_err(), "the session is of no more use");
    }
    let mut session = greeted();
    let flush = session.request(&Request::Flush);
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind::RELEASED, flush, &[]);
    let error = protocol_error(feed(&mut session, &bytes));
    assert_eq!(error, ProtocolError::Unexpected(kind::RELEASED));
}

#[test]
fn every_malformed_frame_is_named() {
    let cases: Vec<(u8, Vec<u8>, ProtocolError)> = vec![
        (kind::SEND, vec![], ProtocolError::Unexpected(kind::SEND)),
        (0x7f, vec![], ProtocolError::Unexpected(0x7f)),
        (kind::DELIVER, vec![], ProtocolError::Delivery),
        (kind::DELIVER, vec![9; 40], ProtocolError::Delivery),
        (kind::DELIVER, vec![0; 34], ProtocolError::Delivery),
    ];
    for (kind, body, expected) in cases {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, 1, &[&body]);
        assert_eq!(protocol_error(feed(&mut greeted(), &bytes)), expected);
    }
    for kind in [
        kind::VERDICT,
        kind::CLOSING,
        kind::ACQUIRED,
        kind::DERIVED,
        kind::WELCOME,
    ] {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, 1, &[&[0xff]]);
        let error = protocol_error(feed(&mut greeted(), &bytes));
        assert!(matches!(error, ProtocolError::Body { .. }), "{error:?}");
    }
    let error = protocol_error(feed(&mut greeted(), &u32::MAX.to_be_bytes()));
    assert!(matches!(error, ProtocolError::Frame(_)));
}

#[test]
fn a_gap_or_repetition_of_deliveries_is_found() {
    for got in [0, 1, 3] {
        let mut session = greeted();
        let mut bytes = Vec::new();
        deliver(&mut bytes, 1, b"");
        deliver(&mut bytes, got, b"");
        let error = protocol_error(feed(&mut session, &bytes));
        assert_eq!(error, ProtocolError::DeliveryNumber { expected: 2, got });
    }
}

#[test]
fn another_version_is_refused() {
    let (mut session, hello) = Session::new("test");
    let body = body::Welcome {
        version: 2,
        software: String::new(),
    };
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind::WELCOME, hello, &[&codec::to_vec(&body)]);
    assert_eq!(
        protocol_error(feed(&mut session, &bytes)),
        ProtocolError::Version(2)
    );
}

#[test]
fn a_refusal_answers_its_request_and_a_reason_may_refuse_a_message() {
    let mut session = greeted();
    let flush = session.request(&Request::Flush);
    let sent = session.send(peer(), Mtype::PING, b"").unwrap();
    let mut bytes = Vec::new();
    verdict(&mut bytes, flush, body::RequestError::State as u16);
    verdict(&mut bytes, sent, body::RequestError::Forbidden as u16);
    feed(&mut session, &bytes).unwrap();
    let code = body::RequestError::State as u16;
    let detail = "why".into();
    assert_eq!(session.reply(flush), Some(Reply::Refused { code, detail }));
    let refused = session.verdict_of(sent).unwrap().verdict;
    assert_eq!(refused.code, VerdictCode::Refused);
    assert_eq!(refused.detail, "forbidden: why");
    let mut bytes = Vec::new();
    verdict(&mut bytes, sent, 0xffff);
    let error = protocol_error(feed(&mut session, &bytes));
    assert_eq!(error, ProtocolError::VerdictCode(0xffff));
}

#[test]
fn an_answer_that_nobody_waits_for_any_more_is_not_given_to_the_next_request() {
    let mut session = greeted();
    let abandoned = session.request(&Request::Flush);
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind::FLUSHED, abandoned, &[]);
    feed(&mut session, &bytes).unwrap();
    let flush = session.request(&Request::Flush);
    assert_eq!(session.reply(flush), None);
    assert_eq!(session.reply(abandoned), None);
}

#[test]
fn params_are_bounded() {
    let mut session = greeted();
    let largest = vec![0; PARAM_BYTES_MAX];
    assert!(session.send(peer(), Mtype::PING, &largest).is_ok());
    let past = vec![0; PARAM_BYTES_MAX + 1];
    let error = session.send(peer(), Mtype::PING, &past).unwrap_err();
    assert!(matches!(error, ClientError::TooLarge(len) if len == PARAM_BYTES_MAX + 1));
}

#[test]
fn reading_stops_while_too_much_is_held() {
    let mut session = greeted();
    let mut number = 0;
    while session.held_bytes() < HELD_BYTES_MAX {
        assert!(session.wants_input());
        number += 1;
        let mut bytes = Vec::new();
        deliver(&mut bytes, number, &[0; 60_000]);
        feed(&mut session, &bytes).unwrap();
    }
    assert!(!session.wants_input());
    session.delivery().unwrap();
    assert!(session.wants_input());
}

#[test]
fn verdicts_and_what_they_are_about_are_bounded() {
    let mut session = greeted();
    let sent = SENT_REMEMBERED as u64 + 1;
    let numbers: Vec<u64> = (0..sent)
        .map(|_| session.send(peer(), Mtype::PING, b"").unwrap())
        .collect();
    drain(&mut session);
    let mut bytes = Vec::new();
    numbers
        .iter()
        .for_each(|number| verdict(&mut bytes, *number, 1));
    feed(&mut session, &bytes).unwrap();
    assert_eq!(session.verdicts_lost(), 1);
    let kept = session.verdicts();
    assert_eq!(kept.len(), VERDICTS_MAX);
    assert_eq!(kept[0].number, numbers[1]);
    let mut bytes = Vec::new();
    verdict(&mut bytes, numbers[0], 1);
    feed(&mut session, &bytes).unwrap();
    assert_eq!(session.verdicts()[0].sent, None, "sent too long ago");
}

/// A daemon's stream: greeting, deliveries, verdicts on two messages, the answer to a flush.
fn stream(deliveries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    welcome(&mut bytes, 1);
    for (at, nonce) in deliveries.iter().enumerate() {
        deliver(&mut bytes, at as u64 + 1, nonce);
    }
    verdict(&mut bytes, 2, 1);
    frame::write(&mut bytes, kind::FLUSHED, 4, &[]);
    verdict(&mut bytes, 3, 2);
    bytes
}

/// Everything that a program sees of a stream.
fn seen(bytes: &[u8], splits: &[usize]) -> (Vec<Message>, Vec<Undelivered>, Option<Reply>) {
    let (mut session, _) = Session::new("test");
    session.send(peer(), Mtype::PING, b"a").unwrap();
    session.send(peer(), Mtype::PING, b"b").unwrap();
    let flush = session.request(&Request::Flush);
    let (mut rest, mut splits) = (bytes, splits.iter().cycle());
    while !rest.is_empty() {
        let len = splits
            .next()
            .map_or(rest.len(), |len| (*len).clamp(1, rest.len()));
        feed(&mut session, &rest[..len]).unwrap();
        rest = &rest[len..];
    }
    let messages = std::iter::from_fn(|| session.delivery()).map(|held| held.message);
    let messages = messages.collect();
    (messages, session.verdicts(), session.reply(flush))
}

proptest! {
    #[test]
    fn it_does_not_matter_how_the_stream_is_cut(
        deliveries in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..600), 0..20),
        splits in proptest::collection::vec(1usize..200, 1..40),
    ) {
        let bytes = stream(&deliveries);
        let whole = seen(&bytes, &[bytes.len()]);
        prop_assert_eq!(whole.0.len(), deliveries.len());
        prop_assert_eq!(whole.1.len(), 2);
        prop_assert_eq!(&whole.2, &Some(Reply::Flushed));
        prop_assert_eq!(seen(&bytes, &splits), whole);
    }

    #[test]
    fn no_bytes_of_a_daemon_make_the_library_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        kind in any::<u8>(),
        number in 0u64..4,
    ) {
        let _ = feed(&mut greeted(), &bytes);
        let mut framed = Vec::new();
        frame::write(&mut framed, kind, number, &[&bytes]);
        let _ = feed(&mut greeted(), &framed);
    }
}

#[test]
fn the_words_of_another_host_do_not_write_to_the_terminal() {
    for code in [4, 0x010A] {
        let mut session = greeted();
        let number = session.send(peer(), Mtype(0xC001), b"").unwrap();
        let mut bytes = Vec::new();
        let words = format!("\x1b]0;x\x07\x1b[2J\u{202e}{}", "\x1b".repeat(100));
        verdict_with(&mut bytes, number, code, &words);
        feed(&mut session, &bytes).unwrap();
        let said = session.verdicts().remove(0).to_string();
        assert!(said.contains("\\u{1b}[2J\\u{202e}"), "{said}");
        assert!(!said.contains(|c: char| c.is_control() || c == '\u{202e}'));
        assert!(said.len() < 700, "{said}");
    }
}
