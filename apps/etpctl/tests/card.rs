//! `etpctl card` as an administrator meets it, with a daemon that says what the test wants.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

mod support;

use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};

use libetp::client::control::card::{CardCertificate, CardDetails, CardHappening};
use libetp::client::control::{CardStatus, ControlReply, ControlRequest, IdEntry};
use serde_json::Value;
use support::{command, serve};

const DOMAIN: &str = "02aabbccddeeff0011223344";
const OTHER: &str = "02ffbbccddeeff0011223344";
const EVIL: &str = "evil\u{1b}[2J";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn status(domain: &str, state: &str) -> CardStatus {
    CardStatus {
        domain: domain.into(),
        state: state.into(),
        backend: "process".into(),
        place: "/run/card.sock".into(),
        queued: 1,
        since_unix_s: 1,
        detail: EVIL.into(),
        generation: 7,
        ..CardStatus::default()
    }
}

fn details() -> CardDetails {
    CardDetails {
        status: status(DOMAIN, "absent"),
        server: "etp-card-proxy/1, reader 0".into(),
        server_pid: Some(77),
        server_uid: Some(990),
        owners: vec![1000],
        authenticated: vec![format!("{DOMAIN}:7")],
        away_ms_max: 60_000,
        certificate: Some(CardCertificate::default()),
        last_failure: Some(happening(3)),
        selected_generation: Some(5),
        ..CardDetails::default()
    }
}

fn happening(sequence: u64) -> CardHappening {
    CardHappening {
        sequence,
        unix_s: 86_400,
        domain: if sequence.is_multiple_of(2) {
            OTHER
        } else {
            DOMAIN
        }
        .into(),
        place: "/run/card.sock".into(),
        event: "card-absent".into(),
        is_alarm: true,
        detail: format!("happening {sequence} {EVIL}"),
    }
}

fn id(port: u32) -> IdEntry {
    IdEntry {
        id: format!("{DOMAIN}:{port}"),
        name: "wallet".into(),
        ..IdEntry::default()
    }
}

/// A daemon with so many cards, to which more and more happens.
fn daemon(directory: &Path, cards: &'static [&'static str]) {
    let mut happened = 5;
    serve(directory, move |request| match request {
        ControlRequest::Cards => {
            ControlReply::Cards(cards.iter().map(|card| status(card, "live")).collect())
        }
        ControlRequest::Card { domain } if domain == DOMAIN => {
            ControlReply::Card(Some(Box::new(details())))
        }
        ControlRequest::Card { .. } => ControlReply::Card(None),
        ControlRequest::Ids => {
            let mut ids = vec![id(7), id(9)];
            ids[1].id = format!("{OTHER}:7");
            ControlReply::Ids(ids)
        }
        ControlRequest::CardHappenings { after } => {
            let new = (after + 1..=happened).map(happening).collect::<Vec<_>>();
            if new.is_empty() {
                happened += 2;
            }
            ControlReply::CardHappenings(new)
        }
        other => panic!("{other:?}"),
    });
}

#[track_caller]
fn run(cards: &'static [&'static str], arguments: &[&str], code: i32) -> String {
    let directory = tempfile::tempdir().unwrap();
    daemon(directory.path(), cards);
    let Output {
        status,
        stdout,
        stderr,
    } = command(directory.path(), arguments).output().unwrap();
    let said = text(&stdout) + &text(&stderr);
    assert_eq!(status.code(), Some(code), "{said}");
    assert!(!said.contains('\u{1b}'), "{said}");
    said
}

#[test]
fn the_list_says_how_each_card_is() {
    let said = run(&[DOMAIN, OTHER], &["card", "list"], 0);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 3);
    for word in [DOMAIN, "live", "process", "/run/card.sock", "evil\\u{1b}"] {
        assert!(lines[1].contains(word), "{said}");
    }
    let said = run(&[], &["card", "list"], 0);
    assert!(said.contains("[[card]]"), "{said}");
}

#[test]
fn who_names_process_owners_and_programs() {
    let said = run(&[DOMAIN], &["card", "who"], 0);
    assert!(
        said.contains("etp-card-proxy/1, reader 0 (pid 77, user 990)"),
        "{said}"
    );
    assert!(said.contains("owners     user 1000"), "{said}");
    let program = said.lines().find(|line| line.contains("wallet")).unwrap();
    assert!(program.contains("yes"), "{said}");
    assert!(!said.contains(OTHER), "{said}");
}

#[test]
fn info_says_everything_and_what_to_do() {
    let said = run(&[DOMAIN, OTHER], &["card", "info", DOMAIN], 0);
    for words in [
        "put the card into its reader",
        "1 message; up to 60 s",
        "happening 3",
        "valid 1970-01-01",
        "0: software",
        "7 counted by the witness, 2 of them since the last SELECT",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let json = run(&[DOMAIN], &["--json", "card", "info"], 0);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["status"]["domain"], DOMAIN);
    assert_eq!(json["last_failure"]["sequence"], 3);
}

#[test]
fn a_card_that_is_not_meant_clearly_is_asked_for() {
    let said = run(&[DOMAIN, OTHER], &["card", "info"], 2);
    assert!(
        said.contains("several") && said.contains("card list"),
        "{said}"
    );
    let said = run(&[DOMAIN], &["card", "who", OTHER], 2);
    assert!(said.contains(OTHER), "{said}");
    run(&[], &["card", "info"], 1);
    run(&[], &["card", "info", "02"], 2);
}

#[test]
fn watching_tells_what_is_new_once_and_ends_when_told() {
    let said = run(&[], &["card", "watch", "--count", "3"], 0);
    let numbers: Vec<_> = said
        .lines()
        .map(|line| {
            line.split("happening ")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap()
        })
        .collect();
    // The daemon knew of seven when it was asked first whether there are more.
    assert_eq!(numbers, ["6", "7", "8"]);
    assert!(said.starts_with("1970-01-02T00:00:00Z"), "{said}");
    let said = run(
        &[],
        &["card", "watch", "--all", "--count", "2", OTHER, "--json"],
        0,
    );
    let objects: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(objects[0]["sequence"], 2);
    assert_eq!(objects[1]["sequence"], 4);
}

/// Starts a command whose reader goes before it has written anything.
fn unread(arguments: &[&str], directory: &Path, go: impl FnOnce()) -> Output {
    let mut command = command(directory, arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child: Child = command.spawn().unwrap();
    drop(child.stdout.take());
    go();
    child.wait_with_output().unwrap()
}

/// A daemon that answers once it is told to.
fn held_back(directory: &Path, go: Receiver<()>) {
    let mut go = Some(go);
    serve(directory, move |request| {
        if let Some(go) = go.take() {
            go.recv().unwrap();
        }
        match request {
            ControlRequest::Status => ControlReply::Status(Box::default()),
            ControlRequest::Ids => ControlReply::Ids(vec![]),
            ControlRequest::Routes => ControlReply::Routes(vec![]),
            ControlRequest::Cards => ControlReply::Cards(vec![status(DOMAIN, "live")]),
            ControlRequest::Card { .. } => ControlReply::Card(Some(Box::new(details()))),
            ControlRequest::CardHappenings { after } => ControlReply::CardHappenings(
                (after + 1..=after + after % 2).map(happening).collect(),
            ),
            other => panic!("{other:?}"),
        }
    });
}

/// As in `etpctl status | head -1`.
#[test]
fn a_reader_that_went_is_no_failure_and_nothing_is_said_about_it() {
    for arguments in [
        &["status"][..],
        &["ids"],
        &["routes"],
        &["card", "list"],
        &["card", "who"],
        &["card", "info"],
        &["card", "info", "--json"],
    ] {
        let directory = tempfile::tempdir().unwrap();
        let (tell, go) = channel();
        held_back(directory.path(), go);
        let output = unread(arguments, directory.path(), || tell.send(()).unwrap());
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn watching_ends_when_nobody_reads_any_more() {
    let directory = tempfile::tempdir().unwrap();
    daemon(directory.path(), &[]);
    let output = unread(&["card", "watch", "--all"], directory.path(), || ());
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}
