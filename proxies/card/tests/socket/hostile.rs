//! Either end of the socket in the wrong hands.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use card_proxy::socket::{
    Absent, Answer, COMMAND_BYTES_MAX, COMMAND_BYTES_MIN, Failed, Present, RESPONSE_BYTES_MAX,
    Reason, Request, SAID_FRAMES_MAX, WORDS_BYTES_MAX, WireError,
};
use card_proxy::{CardEvent, FailReason, GoneReason, Link, LinkError};
use libetp::frame::{self, Frame};

use crate::process::{Place, Process};
use crate::support::{ModelCard, order};
use crate::{host, link};

pub(crate) fn present(version: u8, command_bytes_max: u32) -> Answer<'static> {
    Answer::Present(Present {
        version,
        server: "evil\u{1b}[2J".into(),
        command_bytes_max,
    })
}

pub(crate) fn bytes(answer: &Answer<'_>, number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    answer.write(&mut bytes, number);
    bytes
}

/// Serves what is given, whatever is asked, and keeps the connection until the daemon ends it.
pub(crate) fn fake(place: &Place, said: Vec<u8>) -> std::thread::JoinHandle<()> {
    let (listener, claim) = place.listen();
    std::thread::spawn(move || {
        let _claim = claim;
        let (mut daemon, _) = listener.accept().expect("a daemon");
        let _ = daemon.write_all(&said);
        let mut heard = Vec::new();
        let _ = daemon.read_to_end(&mut heard);
    })
}

/// What becomes of a card that is served with these bytes, and of a message for it.
fn gone(said: Vec<u8>) -> (String, FailReason) {
    let place = Place::new();
    let fake = fake(&place, said);
    let (thread, events) = host(&place);
    let queued = thread.sender().try_send(1, order(1, 8));
    let events: Vec<CardEvent> = events.into_iter().collect();
    fake.join().expect("the connection was closed");
    let gone = events.iter().find_map(|event| match event {
        CardEvent::Gone(GoneReason::Link(words)) => Some(words.clone()),
        _ => None,
    });
    let failed = events.iter().find_map(|event| match event {
        CardEvent::Failed { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    let failed = match queued {
        Ok(()) => failed.expect("its sender is told"),
        Err(_) => FailReason::Gone,
    };
    (gone.unwrap_or_else(|| panic!("{events:?}")), failed)
}

#[test]
fn garbage_from_a_process_is_named_and_the_card_is_gone() {
    let good = bytes(&present(1, 65_544), 1);
    let after = |more: &[u8]| [good.as_slice(), more].concat();
    let frame = |kind: u8, number: u64, body: &[u8]| {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, number, &[body]);
        bytes
    };
    let cases = [
        (b"GET / HTTP/1.1\r\n".to_vec(), "longer than the largest"),
        (vec![0, 0, 0, 1, 0x81], "shorter than its fixed part"),
        (frame(0x44, 1, &[]), "unexpected frame of kind 0x44"),
        (frame(0x81, 1, b"\x80"), "body of a frame of kind 0x81"),
        (frame(0x81, 1, &[0xff; 9]), "body of a frame of kind 0x81"),
        (bytes(&Answer::Powered, 1), "of another kind"),
        (bytes(&present(2, 65_544), 1), "speaks version 2"),
        (bytes(&present(1, 260), 1), "a way for commands of 260"),
        (bytes(&present(1, 65_544), 7), "an answer to frame 7"),
        (after(&bytes(&Answer::Powered, 2)), "of another kind"),
        (after(&bytes(&Answer::Response(&[]), 9)), "to frame 9"),
        (after(&frame(0x83, 2, &[0])), "at most 0 are possible"),
        (after(&frame(0x8e, 2, b"\x82\x18\x63\x60")), "reason 99"),
    ];
    for (said, expected) in cases {
        let (words, failed) = gone(said);
        assert!(words.contains(expected), "{words}, not: {expected}");
        assert!(words.contains("card.sock"), "{words}");
        assert!(!words.contains('\u{1b}'), "{words}");
        assert_eq!(failed, FailReason::Gone);
    }
}

/// A process may say by itself so much before it answers, and not one frame more.
#[test]
fn a_process_that_floods_instead_of_answering_is_given_up() {
    let said = bytes(&Answer::Failed(Failed::new(Reason::Reset, "")), 0);
    let flood = |frames: usize| {
        let mut all = bytes(&present(1, 65_544), 1);
        all.extend(said.repeat(frames));
        all.extend(bytes(&Answer::Powered, 2));
        all
    };
    let (words, _) = gone(flood(SAID_FRAMES_MAX));
    assert!(words.contains("of another kind"), "{words}");
    let (words, failed) = gone(flood(SAID_FRAMES_MAX + 1));
    assert!(words.contains("more than 256 frames"), "{words}");
    assert_eq!(failed, FailReason::Gone);
}

#[test]
fn refusals_are_told_in_the_words_of_the_process() {
    for reason in [
        Reason::Gone,
        Reason::Busy,
        Reason::Forbidden,
        Reason::Version,
        Reason::Protocol,
    ] {
        let failed = Answer::Failed(Failed::new(reason, "because\nof this"));
        for number in [0, 1] {
            let (words, _) = gone(bytes(&failed, number));
            assert!(words.ends_with("because\u{fffd}of this"), "{words}");
        }
    }
}

#[test]
fn a_socket_that_others_could_replace_is_not_opened() {
    let place = Place::new();
    let (_listener, _claim) = place.listen();
    let path = place.path();
    let directory = path.parent().expect("it lies in one");
    std::fs::set_permissions(directory, PermissionsExt::from_mode(0o777)).expect("mode");
    let error = link(&place).expect_err("not trusted");
    assert!(error.to_string().contains("writable by others"), "{error}");
}

/// The frames that come until the other end closes.
fn hear(daemon: &mut UnixStream) -> Vec<(u8, u64, Vec<u8>)> {
    let mut bytes = Vec::new();
    let _ = daemon.read_to_end(&mut bytes);
    let (mut frames, mut rest) = (Vec::new(), bytes.as_slice());
    while let Ok(Some((frame, taken))) = frame::parse(rest) {
        frames.push((frame.kind, frame.number, frame.body.to_vec()));
        rest = &rest[taken..];
    }
    assert!(rest.is_empty(), "half a frame: {rest:02x?}");
    frames
}

fn request(request: &Request<'_>, number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    request.write(&mut bytes, number);
    bytes
}

fn hello(version: u8) -> Vec<u8> {
    let software = "evil/1".to_owned();
    request(&Request::Hello { version, software }, 1)
}

#[test]
fn garbage_from_a_daemon_ends_its_connection_and_no_other() {
    let place = Place::new();
    let process = Process::serve(&place, ModelCard::default());
    let long = vec![0; COMMAND_BYTES_MAX + 1];
    let after = |more: &[u8]| [hello(1).as_slice(), more].concat();
    let cases = [
        (vec![0xff; 40], Reason::Protocol),
        (request(&Request::Reset, 1), Reason::Protocol),
        (hello(2), Reason::Version),
        (hello(0), Reason::Version),
        (after(&hello(1)), Reason::Protocol),
        (after(&[0, 0, 0, 0]), Reason::Protocol),
        (after(&bytes(&Answer::Powered, 2)), Reason::Protocol),
        (
            after(&request(&Request::Transmit(&long), 2)),
            Reason::Protocol,
        ),
    ];
    for (said, reason) in cases {
        let mut daemon = UnixStream::connect(place.path()).expect("it listens");
        daemon.write_all(&said).expect("room");
        let frames = hear(&mut daemon);
        let (kind, number, body) = frames.last().expect("a reason").clone();
        let frame = Frame {
            kind,
            number,
            body: &body,
        };
        match Answer::read(&frame) {
            Ok(Answer::Failed(failed)) => assert_eq!(failed.reason, reason as u8, "{failed:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(number, 0);
    }
    // One that goes in the middle of a frame is told nothing.
    let mut daemon = UnixStream::connect(place.path()).expect("it listens");
    daemon.write_all(&hello(1)[..9]).expect("room");
    drop(daemon);
    let mut daemon = link(&place).expect("it listens");
    assert_eq!(daemon.transmit(&[0; 5]).expect("an answer").len(), 2);
    drop(daemon);
    process.end().expect("in order");
}

#[test]
fn one_daemon_is_served_at_a_time() {
    let place = Place::new();
    let _process = Process::serve(&place, ModelCard::default());
    let mut first = link(&place).expect("it listens");
    first.transmit(&[0; 5]).expect("an answer");
    let mut second = link(&place).expect("it listens");
    let error = second.transmit(&[0; 5]).expect_err("the first is served");
    assert!(matches!(&error, LinkError::Gone(words) if words.contains("another daemon")));
    first.transmit(&[0; 5]).expect("an answer still");
    drop(first);
    let mut third = link(&place).expect("it listens");
    third.transmit(&[0; 5]).expect("an answer");
}

fn frame_of(kind: u8, body: &[u8]) -> Frame<'_> {
    let number = 1;
    Frame { kind, number, body }
}

#[test]
fn bodies_are_as_long_as_their_limits() {
    let command = vec![0; COMMAND_BYTES_MAX + 1];
    assert!(Request::read(&frame_of(2, &command[1..])).is_ok());
    let error = Request::read(&frame_of(2, &command)).expect_err("too long");
    assert!(matches!(error, WireError::Length { kind: 2, .. }));
    let response = vec![0; RESPONSE_BYTES_MAX + 1];
    assert!(Answer::read(&frame_of(0x82, &response[1..])).is_ok());
    let error = Answer::read(&frame_of(0x82, &response)).expect_err("too long");
    assert!(matches!(error, WireError::Length { kind: 0x82, .. }));
    for kind in [3, 0x83] {
        let read = |body| match kind {
            3 => Request::read(&frame_of(kind, body)).map(drop),
            _ => Answer::read(&frame_of(kind, body)).map(drop),
        };
        assert!(read(&[]).is_ok() && read(&[0]).is_err());
    }
    for (len, is_good) in [(WORDS_BYTES_MAX, true), (WORDS_BYTES_MAX + 1, false)] {
        let detail = "x".repeat(len);
        let failed = Failed { reason: 1, detail };
        let body = libetp::codec::to_vec(&failed);
        assert_eq!(Answer::read(&frame_of(0x8e, &body)).is_ok(), is_good);
        let words = Failed::new(Reason::Lost, &failed.detail).detail;
        assert_eq!(words.len(), WORDS_BYTES_MAX);
    }
    for (len, is_good) in [(WORDS_BYTES_MAX, true), (WORDS_BYTES_MAX + 1, false)] {
        let detail = "x".repeat(len);
        let absent = Absent { detail };
        let body = libetp::codec::to_vec(&absent);
        assert_eq!(Answer::read(&frame_of(0x84, &body)).is_ok(), is_good);
        assert_eq!(Absent::new(&absent.detail).detail.len(), WORDS_BYTES_MAX);
    }
    for (max, is_good) in [(COMMAND_BYTES_MIN, true), (COMMAND_BYTES_MIN - 1, false)] {
        let body = bytes(&present(1, max as u32), 1);
        let (frame, _) = frame::parse(&body).expect("a frame").expect("whole");
        assert_eq!(Answer::read(&frame).is_ok(), is_good);
    }
}
