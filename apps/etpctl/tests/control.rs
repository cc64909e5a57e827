//! `etpctl` as an administrator meets it when there is no daemon, or a strange one.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use libetp::client::control::guard::{Chain, Held, Policy, Record, Reply, Request};
use libetp::client::control::{self, ControlReply, ControlRequest, IdEntry, Trace, TraceEntry};
use libetp::codec::{from_slice, to_vec};
use libetp::frame::{body, kind};
use serde_json::Value;
use support::{command, serve_encoded, serve_frames};

fn etpctl(directory: &Path, arguments: &[&str]) -> Output {
    command(directory, arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn without_a_daemon_each_command_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let id = "02aabbccddeeff0011223344:0";
    for command in [
        &["status"][..],
        &["ids"],
        &["routes"],
        &["card", "list"],
        &["card", "who"],
        &["card", "info"],
        &["card", "watch"],
        &["trace"],
        &["ping", id],
    ] {
        let output = etpctl(directory.path(), command);
        assert_eq!(output.status.code(), Some(3));
        let said = said(&output);
        assert!(
            said.contains("etp.sock") && said.contains("--socket"),
            "{said}"
        );
    }
    let output = etpctl(directory.path(), &["status", "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["kind"], "daemon");
}

#[test]
fn a_name_that_means_nobody_is_found_before_the_daemon_is_asked() {
    let directory = tempfile::tempdir().unwrap();
    let output = etpctl(directory.path(), &["ping", "bob"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    std::fs::create_dir_all(directory.path().join(".config/tenet")).unwrap();
    let names = directory.path().join(".config/tenet/ids.toml");
    std::fs::write(&names, "bob = \"02aabbccddeeff0011223344:1\"\n").unwrap();
    assert_eq!(
        etpctl(directory.path(), &["ping", "bob"]).status.code(),
        Some(3)
    );
    std::fs::write(&names, "bob = \"02\"\n").unwrap();
    let output = etpctl(directory.path(), &["ping", "bob"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("ids.toml"), "{}", said(&output));
}

#[test]
fn names_of_programs_cannot_draw_on_the_terminal() {
    let directory = tempfile::tempdir().unwrap();
    let ids = || {
        let id = "02aabbccddeeff0011223344:7".into();
        let name = "evil\u{1b}[2J".into();
        ControlReply::Ids(vec![IdEntry {
            id,
            name,
            ..IdEntry::default()
        }])
    };
    serve_encoded(directory.path(), move |_| control::encode(&ids()));
    let output = etpctl(directory.path(), &["ids"]);
    assert!(output.status.success());
    let said = said(&output);
    assert!(
        said.contains("evil\\u{1b}[2J") && !said.contains('\u{1b}'),
        "{said}"
    );
}

/// Words that a policy repeats from a message.
const EVIL: &str = "evil\u{1b}[2J";

fn guarded(request: ControlRequest) -> Vec<u8> {
    let ControlRequest::Guard(request) = request else {
        panic!("{request:?}");
    };
    let policy = || Policy {
        name: EVIL.into(),
        ..Policy::default()
    };
    let held = || Held {
        ticket: 7,
        reason: EVIL.into(),
        ..Held::default()
    };
    let lines = vec![EVIL.to_owned()];
    let chain = Chain {
        policies: 2,
        file: Some(EVIL.into()),
        ..Chain::default()
    };
    let generation = 0;
    let reply = match request {
        Request::Chain => Reply::Chain(Box::new(chain)),
        // One at a time.
        Request::Policies { .. } => Reply::Policies {
            generation,
            policies: vec![policy()],
        },
        Request::Explain { after: 0, .. } => Reply::Explained { generation, lines },
        Request::Explain { .. } => Reply::Explained {
            generation,
            lines: vec![],
        },
        Request::Held { after: 0 } => Reply::Held(vec![held()]),
        Request::Held { .. } => Reply::Held(vec![]),
        Request::Decide { .. } => Reply::Failed(format!("wrong\n  help: {EVIL}")),
        _ => Reply::Done(EVIL.into()),
    };
    control::encode(&ControlReply::Guard(reply))
}

#[test]
fn what_guard_repeats_cannot_draw_on_the_terminal() {
    for words in [
        &["list"][..],
        &["explain"],
        &["holds"],
        &["reload"],
        &["approve", "7"],
    ] {
        let directory = tempfile::tempdir().unwrap();
        serve_encoded(directory.path(), guarded);
        let output = etpctl(directory.path(), &[&["guard"], words].concat());
        let said = said(&output);
        assert!(
            said.contains("evil\\u{1b}[2J") && !said.contains('\u{1b}'),
            "{words:?}: {said}"
        );
    }
}

#[test]
fn what_the_daemon_did_not_do_is_told_in_its_lines() {
    let directory = tempfile::tempdir().unwrap();
    serve_encoded(directory.path(), guarded);
    let output = etpctl(directory.path(), &["guard", "deny", "7"]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("etpctl: wrong\n  help: evil"), "{said}");
}

#[test]
fn policies_are_asked_for_until_there_are_all() {
    let directory = tempfile::tempdir().unwrap();
    serve_encoded(directory.path(), guarded);
    let output = etpctl(directory.path(), &["guard", "list", "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["policies"].as_array().unwrap().len(), 2);
}

#[test]
fn a_capture_says_how_much_it_missed() {
    let directory = tempfile::tempdir().unwrap();
    let mut is_over = false;
    serve_encoded(directory.path(), move |request| {
        let late = Record {
            sequence: 4,
            is_captured: true,
            ..Record::default()
        };
        let reply = match request {
            ControlRequest::Guard(Request::Capture { on }) => {
                is_over = !on;
                Reply::Done(String::new())
            }
            ControlRequest::Guard(Request::Records { after: 0, .. }) if is_over => {
                Reply::Records(vec![late])
            }
            _ => Reply::Records(vec![]),
        };
        control::encode(&ControlReply::Guard(reply))
    });
    let file = directory.path().join("capture");
    let file = file.to_str().unwrap();
    let words = [
        "guard",
        "capture",
        "--output",
        file,
        "--seconds",
        "0",
        "--json",
    ];
    let output = etpctl(directory.path(), &words);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Three that were forgotten, and one whose facts were too long.
    assert_eq!(document["lost"], 4, "{document:#}");
}

#[test]
fn a_trace_is_asked_for_in_pages_and_the_newest_are_shown() {
    let directory = tempfile::tempdir().unwrap();
    serve_encoded(directory.path(), |request| {
        let ControlRequest::Trace { after, .. } = request else {
            panic!("{request:?}");
        };
        let entry = |sequence| TraceEntry {
            sequence,
            mtype: 2,
            ..TraceEntry::default()
        };
        let messages = (after + 1..=(after + 3).min(10)).map(entry).collect();
        control::encode(&ControlReply::Trace(Trace {
            messages,
            apdus: vec![],
        }))
    });
    let output = etpctl(directory.path(), &["trace", "--limit", "4", "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let messages = document["messages"].as_array().unwrap();
    let sequences: Vec<_> = messages
        .iter()
        .map(|m| m["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(sequences, [7, 8, 9, 10]);
    assert_eq!(messages[0]["mtype"], "ping");
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    for answer in [
        control::encode(&ControlReply::Routes(vec![])),
        vec![0xff],
        vec![],
    ] {
        let directory = tempfile::tempdir().unwrap();
        serve_encoded(directory.path(), move |_| answer.clone());
        let output = etpctl(directory.path(), &["status"]);
        assert!(!output.status.success());
        assert!(said(&output).contains("etpctl: "), "{}", said(&output));
    }
}

#[test]
fn wrong_words_are_a_document_for_programs() {
    let directory = tempfile::tempdir().unwrap();
    for words in [&["frobnicate"][..], &["ping"], &["scheme", "enrol"], &[]] {
        let output = etpctl(directory.path(), &[words, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["error"]["kind"], "usage", "{words:?}");
        assert_eq!(output.stderr, b"");
    }
    let output = etpctl(directory.path(), &["frobnicate"]);
    assert_eq!(
        (output.status.code(), &output.stdout[..]),
        (Some(2), &b""[..])
    );
}

#[test]
fn help_lists_the_codes_of_every_program() {
    let directory = tempfile::tempdir().unwrap();
    let help = said(&etpctl(directory.path(), &["--help"]));
    for code in [" 0", " 1", " 2", " 3", " 5", " 6", " 7", " 9", "10"] {
        assert!(help.contains(&format!("\n  {code}  ")), "{code} in {help}");
    }
}

#[test]
fn the_manual_page_is_that_of_the_command_line() {
    let output = Command::new(env!("CARGO_BIN_EXE_etpctl"))
        .arg("--print-man-page")
        .output()
        .unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/man/etpctl.1");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.contains(".SS etpctl scheme enrol card"));
    let kept = std::fs::read_to_string(kept).unwrap();
    assert!(printed == kept, "run `cargo xtask codegen`");
}

/// With a daemon that hands out an id and then says that to every message or question.
fn judged(code: u16, arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    serve_frames(directory.path(), move |frame| match frame.kind {
        kind::ACQUIRE => {
            let id = "02aabbccddeeff0011223344:7".parse().unwrap();
            let (secret, resumed) = (None, false);
            (
                kind::ACQUIRED,
                to_vec(&body::Acquired {
                    id,
                    secret,
                    resumed,
                }),
            )
        }
        kind::RELEASE => (kind::RELEASED, vec![]),
        _ => {
            let detail = String::new();
            (kind::VERDICT, to_vec(&body::VerdictBody { code, detail }))
        }
    });
    etpctl(directory.path(), arguments)
}

/// With several cards at this host, and none named.
#[test]
fn a_card_of_this_host_is_pinged_from_an_id_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let own = "02aabbccddeeff0011223344";
    serve_frames(directory.path(), move |frame| {
        let verdict = |code| {
            let detail = String::new();
            (kind::VERDICT, to_vec(&body::VerdictBody { code, detail }))
        };
        match frame.kind {
            kind::ACQUIRE => {
                let asked: body::Acquire = from_slice(frame.body).unwrap();
                match asked.domain.map(|domain| domain.to_string()).as_deref() {
                    Some(domain) if domain == own => {
                        let acquired = body::Acquired {
                            id: format!("{own}:7").parse().unwrap(),
                            secret: None,
                            resumed: false,
                        };
                        (kind::ACQUIRED, to_vec(&acquired))
                    }
                    _ => verdict(body::RequestError::NoSuchCard as u16),
                }
            }
            kind::RELEASE => (kind::RELEASED, vec![]),
            _ => verdict(libetp::verdict::VerdictCode::HostUnreachable as u16),
        }
    });
    let output = etpctl(directory.path(), &["ping", &format!("{own}:0")]);
    assert_eq!(
        output.status.code(),
        Some(6),
        "it was sent: {}",
        said(&output)
    );
    let output = etpctl(directory.path(), &["ping", "02ffbbccddeeff0011223344:0"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("--domain"), "{}", said(&output));
}

#[test]
fn what_the_daemon_says_no_to_has_the_exit_code_that_it_has_everywhere() {
    let unreachable = libetp::verdict::VerdictCode::HostUnreachable as u16;
    let output = judged(unreachable, &["ping", "02aabbccddeeff0011223344:0"]);
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    let forbidden = body::RequestError::Forbidden as u16;
    let output = judged(forbidden, &["status", "--json"]);
    assert_eq!(output.status.code(), Some(10), "{}", said(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["error"]["kind"], "forbidden");
}
