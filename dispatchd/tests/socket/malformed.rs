//! Bytes that are no frames, and frames that come where they must not: the connection that sent
//! them ends with a reason, and nobody else notices.

use libetp::codec;
use libetp::frame::body::{Acquire, Hello, RequestError};
use libetp::frame::{self, PREFIX_LEN, VERSION, kind};
use libetp::limits::{FRAME_BYTES_MAX, PARAM_BYTES_MAX};
use libetp::{Mtype, VerdictCode};

use crate::harness::{Daemon, PRIVATE, Program, daemon, send_body};

/// A bystander that talks before and after.
fn bystander_goes_on(daemon: &Daemon, bystander: &mut Program) {
    bystander.send(bystander.id, PRIVATE, b"still here");
    let (number, _, message) = bystander.come().delivery();
    assert_eq!(message.param, b"still here");
    bystander.taken(number);
    let mut newcomer = daemon.acquire();
    assert_eq!(newcomer.flush(), []);
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind, 1, &[body]);
    bytes
}

fn hello(version: u8, name: &str) -> Vec<u8> {
    frame(
        kind::HELLO,
        &codec::to_vec(&Hello {
            version,
            name: name.into(),
        }),
    )
}

#[test]
fn a_connection_that_starts_wrongly_is_closed_with_the_reason() {
    let daemon = daemon();
    let mut bystander = daemon.acquire();
    let acquire = codec::to_vec(&Acquire {
        domain: None,
        durable: false,
    });
    let too_long = (PREFIX_LEN - 4 + FRAME_BYTES_MAX + 1) as u32;
    let cases: Vec<(Vec<u8>, RequestError, &str)> = vec![
        (
            8u32.to_be_bytes().to_vec(),
            RequestError::Protocol,
            "shorter",
        ),
        (
            too_long.to_be_bytes().to_vec(),
            RequestError::Protocol,
            "longer",
        ),
        (
            u32::MAX.to_be_bytes().to_vec(),
            RequestError::Protocol,
            "longer",
        ),
        (
            frame(kind::ACQUIRE, &acquire),
            RequestError::Protocol,
            "first frame is HELLO",
        ),
        (
            frame(kind::SEND, &[0; 18]),
            RequestError::Protocol,
            "first frame is HELLO",
        ),
        (
            frame(kind::TAKEN, &[]),
            RequestError::Protocol,
            "first frame is HELLO",
        ),
        (
            frame(kind::HELLO, &[]),
            RequestError::Protocol,
            "input ends early",
        ),
        (
            frame(kind::HELLO, &[0x82, 0x18, 0x01, 0x60]),
            RequestError::Protocol,
            "shortest",
        ),
        (
            frame(kind::HELLO, &[0x81, 0x01]),
            RequestError::Protocol,
            "number of fields",
        ),
        (hello(VERSION + 1, "x"), RequestError::Version, "version 1"),
        (
            hello(VERSION, &"x".repeat(129)),
            RequestError::Protocol,
            "128 bytes",
        ),
    ];
    for (bytes, reason, words) in cases {
        let mut program = daemon.connect();
        program.write(&bytes);
        let detail = program.expect_closing(reason);
        assert!(detail.contains(words), "{detail}");
    }
    let mut longest = daemon.connect();
    longest.write(&hello(VERSION, &"x".repeat(128)));
    assert_eq!(longest.come().kind, kind::WELCOME);
    bystander_goes_on(&daemon, &mut bystander);
}

#[test]
fn every_frame_is_refused_where_it_does_not_belong() {
    let daemon = daemon();
    let mut bystander = daemon.acquire();
    let cases: &[(u8, &[u8], &str)] = &[
        (kind::HELLO, &[0x82, 0x01, 0x60], "HELLO comes once"),
        (kind::SEND, &[0; 17], "without destination"),
        (kind::FLUSH, &[0], "no body"),
        (kind::TAKEN, &[0], "no body"),
        (kind::TAKEN, &[], "delivery that was not made"),
        (kind::RELEASE, &[], "input ends early"),
        (kind::DERIVE, &[0x81, 0xf6], "number of fields"),
        (kind::DELIVER, &[], "no frame of kind 0x87"),
        (0x00, &[], "no frame of kind 0x00"),
        (0x7f, &[1, 2, 3], "no frame of kind 0x7f"),
        (0xff, &[], "no frame of kind 0xff"),
    ];
    for (kind, body, words) in cases {
        let mut program = daemon.acquire();
        program.say(*kind, body);
        let detail = program.expect_closing(RequestError::Protocol);
        assert!(detail.contains(words), "{detail}");
    }
    let mut greeted = daemon.greet();
    greeted.say(kind::TAKEN, &[]);
    greeted.expect_closing(RequestError::Protocol);
    let mut greeted = daemon.greet();
    greeted.say(kind::RESUME, &[0x82, 0x40, 0x40]);
    greeted.expect_closing(RequestError::Protocol);
    bystander_goes_on(&daemon, &mut bystander);
}

#[test]
fn what_comes_behind_a_malformed_frame_is_not_read() {
    let daemon = daemon();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    let dst = b.id;
    let mut bytes = frame(kind::SEND, &send_body(dst, PRIVATE, b"before"));
    bytes.extend(frame(0x55, &[]));
    bytes.extend(frame(kind::SEND, &send_body(dst, PRIVATE, b"behind")));
    a.write(&bytes);
    a.expect_closing(RequestError::Protocol);
    let mut c = daemon.acquire();
    c.send(dst, PRIVATE, b"later");
    assert_eq!(b.come().delivery().2.param, b"before");
    assert_eq!(b.come().delivery().2.param, b"later");
}

#[test]
fn requests_at_the_wrong_time_are_refused_and_the_connection_goes_on() {
    let daemon = daemon();
    let mut a = daemon.greet();
    let number = a.send(libetp::EntityId::default(), PRIVATE, b"");
    a.expect_refusal(number, RequestError::State);
    for kind in [kind::RELEASE, kind::DERIVE] {
        let number = a.say(kind, &[0x80]);
        a.expect_refusal(number, RequestError::State);
    }
    a.acquire(false);
    for kind in [kind::ACQUIRE, kind::RESUME, kind::ADOPT] {
        let number = a.say(kind, &[0x80]);
        a.expect_refusal(number, RequestError::State);
    }
    assert_eq!(a.flush(), []);
}

#[test]
fn a_message_may_be_as_long_as_the_limit_and_not_longer() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    let id = a.id;
    a.send(id, PRIVATE, &vec![1; PARAM_BYTES_MAX]);
    assert_eq!(a.come().delivery().2.param.len(), PARAM_BYTES_MAX);
    a.taken(1);
    let number = a.send(id, PRIVATE, &vec![1; PARAM_BYTES_MAX + 1]);
    a.expect_failed(number, VerdictCode::TooLarge);
    let number = a.send(id, Mtype(0xC002), &vec![1; FRAME_BYTES_MAX - 18]);
    a.expect_failed(number, VerdictCode::TooLarge);
}

#[test]
fn frames_may_come_in_any_pieces() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    let id = a.id;
    let bytes = frame(kind::SEND, &send_body(id, PRIVATE, b"in pieces"));
    for byte in &bytes {
        a.write(std::slice::from_ref(byte));
        // The daemon has read what came so far once it answers somebody else.
        daemon.greet();
    }
    assert_eq!(a.come().delivery().2.param, b"in pieces");
}

#[test]
fn a_program_that_says_nothing_is_closed_after_a_while() {
    let daemon = daemon();
    let mut silent = daemon.connect();
    assert!(
        silent
            .expect_closing(RequestError::Protocol)
            .contains("no HELLO")
    );
}
