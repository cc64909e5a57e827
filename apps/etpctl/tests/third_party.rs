//! `etpctl t` before a third party, before another card, and before none.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod support;

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use libetp::codec::to_vec;
use libetp::frame::{self, Frame, Origin, body, kind};
use libetp::params::Param;
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::params::thirdparty::{OutcomeRecord, OutcomeRequest, ThirdPartyStatus};
use libetp::params::voucher::Outcome;
use libetp::verdict::VerdictCode;
use libetp::{EntityId, Message, Mtype};
use serde_json::Value;
use support::command;

const PROGRAM: &str = "02aabbccddeeff0011223344:7";

/// What the card says to a message.
enum Says {
    Answer(Message),
    Verdict(VerdictCode),
    Nothing,
}

fn program() -> EntityId {
    PROGRAM.parse().unwrap()
}

fn answer<P: Param>(param: P) -> Says {
    Says::Answer(param.into_message(program().domain.card(), program()))
}

fn refusal(mtype: Mtype, code: RefusalCode) -> Says {
    answer(OrderRefused {
        mtype,
        code: code as u16,
        detail: String::new(),
    })
}

fn status() -> Says {
    answer(ThirdPartyStatus {
        key: [0xab; 32],
        certificate: vec![],
        resolved: 3,
        aborted: 1,
    })
}

/// A daemon with a card that answers each message as told.
fn serve(directory: &Path, card: impl Fn(Mtype, &[u8]) -> Says + Send + 'static) {
    let listener = UnixListener::bind(directory.join("etp.sock")).unwrap();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        converse(stream, &card);
    });
}

fn converse(mut stream: UnixStream, card: &impl Fn(Mtype, &[u8]) -> Says) {
    let (mut input, mut chunk, mut delivered) = (Vec::new(), [0; 4096], 0);
    while let Ok(len @ 1..) = stream.read(&mut chunk) {
        input.extend_from_slice(&chunk[..len]);
        let mut out = Vec::new();
        while let Some((frame, used)) = frame::parse(&input).unwrap() {
            reply(&frame, card, &mut delivered, &mut out);
            input.drain(..used);
        }
        if stream.write_all(&out).is_err() {
            return;
        }
    }
}

fn reply(
    frame: &Frame<'_>,
    card: &impl Fn(Mtype, &[u8]) -> Says,
    delivered: &mut u64,
    out: &mut Vec<u8>,
) {
    let (kind, body) = match frame.kind {
        kind::HELLO => {
            let (version, software) = (frame::VERSION, "fake 0".into());
            (kind::WELCOME, to_vec(&body::Welcome { version, software }))
        }
        kind::ACQUIRE => {
            let (id, secret, resumed) = (program(), None, false);
            let acquired = body::Acquired {
                id,
                secret,
                resumed,
            };
            (kind::ACQUIRED, to_vec(&acquired))
        }
        kind::SEND => {
            let mtype = Mtype(u16::from_be_bytes(frame.body[16..18].try_into().unwrap()));
            match card(mtype, &frame.body[18..]) {
                Says::Answer(message) => {
                    *delivered += 1;
                    let bytes = [&[Origin::Card as u8], &message.to_bytes()[..]].concat();
                    return frame::write(out, kind::DELIVER, *delivered, &[&bytes]);
                }
                Says::Verdict(code) => {
                    let (code, detail) = (code as u16, String::new());
                    (kind::VERDICT, to_vec(&body::VerdictBody { code, detail }))
                }
                Says::Nothing => return,
            }
        }
        _ => return,
    };
    frame::write(out, kind, frame.number, &[&body]);
}

/// Exit code and document of a command with `--json`.
fn asked(arguments: &[&str], card: impl Fn(Mtype, &[u8]) -> Says + Send + 'static) -> (i32, Value) {
    let directory = tempfile::tempdir().unwrap();
    serve(directory.path(), card);
    let output = command(directory.path(), &[arguments, &["--json"]].concat())
        .output()
        .unwrap();
    let document = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), document)
}

#[test]
fn the_status_names_the_key_and_where_it_is_reached() {
    let (code, said) = asked(&["t", "status"], |_, _| status());
    assert_eq!(code, 0);
    assert_eq!(said["key"], "ab".repeat(32));
    assert_eq!(said["id"], "02aabbccddeeff0011223344:0");
    assert_eq!(
        (&said["resolved"], &said["aborted"]),
        (&3.into(), &1.into())
    );
}

#[test]
fn an_outcome_is_shown_for_the_exchange_that_was_asked_for() {
    let xid = "cd".repeat(32);
    for (outcome, named) in [
        (Some(Outcome::Resolved), Value::from("resolved")),
        (Some(Outcome::Aborted), Value::from("aborted")),
        (None, Value::Null),
    ] {
        let (code, said) = asked(&["t", "show", &xid], move |mtype, param| match mtype {
            Mtype::OUTCOME_REQUEST => answer(OutcomeRecord {
                xid: OutcomeRequest::from_param(param).unwrap().xid,
                outcome: outcome.map(|outcome| outcome as u8),
            }),
            _ => status(),
        });
        assert_eq!(code, 0);
        assert_eq!(
            (&said["outcome"], &said["xid"]),
            (&named, &xid.clone().into())
        );
    }
}

#[test]
fn an_outcome_that_no_third_party_decides_is_an_error() {
    let (code, said) = asked(
        &["t", "show", &"cd".repeat(32)],
        |mtype, param| match mtype {
            Mtype::OUTCOME_REQUEST => answer(OutcomeRecord {
                xid: OutcomeRequest::from_param(param).unwrap().xid,
                outcome: Some(0xff),
            }),
            _ => status(),
        },
    );
    assert_eq!((code, &said["error"]["kind"]), (1, &"other".into()));
}

#[test]
fn a_card_that_is_no_third_party_says_so_to_both_commands() {
    for words in [&["t", "status"][..], &["t", "show", &"cd".repeat(32)]] {
        for code in [RefusalCode::UnknownType, RefusalCode::State] {
            let (exit, said) = asked(words, move |mtype, _| refusal(mtype, code));
            assert_eq!((exit, &said["error"]["kind"]), (5, &"refused".into()));
            let message = said["error"]["message"].as_str().unwrap();
            assert!(message.contains("is no third party"), "{message}");
        }
    }
}

#[test]
fn what_is_no_third_party_decides_nothing_even_if_it_answers() {
    let (exit, said) = asked(
        &["t", "show", &"cd".repeat(32)],
        |mtype, param| match mtype {
            Mtype::OUTCOME_REQUEST => answer(OutcomeRecord {
                xid: OutcomeRequest::from_param(param).unwrap().xid,
                outcome: None,
            }),
            _ => refusal(mtype, RefusalCode::State),
        },
    );
    assert_eq!((exit, &said["error"]["kind"]), (5, &"refused".into()));
}

#[test]
fn a_card_that_is_gone_or_silent_has_the_codes_that_these_have_everywhere() {
    let (code, said) = asked(&["t", "status"], |_, _| {
        Says::Verdict(VerdictCode::CardGone)
    });
    assert_eq!((code, &said["error"]["kind"]), (6, &"undelivered".into()));
    let words = ["t", "status", "--timeout", "0"];
    let (code, said) = asked(&words, |_, _| Says::Nothing);
    assert_eq!((code, &said["error"]["kind"]), (7, &"timeout".into()));
}

#[test]
fn without_a_daemon_or_an_xid_nothing_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let code = |words: &[&str]| {
        command(directory.path(), words)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(code(&["t", "status"]), Some(3));
    assert_eq!(code(&["t", "show", &"cd".repeat(32)]), Some(3));
    for wrong in [&["t", "show", "cd"][..], &["t", "show"], &["t"]] {
        assert_eq!(code(wrong), Some(2), "{wrong:?}");
    }
}
