//! `pals` as its user runs it, as far as it comes without a daemon.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

fn pals(home: &TempDir, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pals"));
    command
        .env_clear()
        .env("TENET_PALS_HOME", home.path().join("pals"));
    command.args(arguments).output().unwrap()
}

/// The kind of the failure, and what is said of it.
fn failure(output: &Output) -> (String, String) {
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |field: &str| {
        document["error"][field]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    (
        text("kind"),
        format!("{} {}", text("message"), text("hint")),
    )
}

#[test]
fn without_a_home_every_command_says_how_to_make_one() {
    let home = TempDir::new().unwrap();
    let code = format!("{}@02aabbccddeeff0011223344:7", "ab".repeat(32));
    let commands: [&[&str]; 7] = [
        &["id"],
        &["attend"],
        &["status"],
        &["result"],
        &["leave"],
        &["auction", "create", "--bid", "5", "--with", &code],
        &["run", "sum", "join", "--value", "-5"],
    ];
    for command in commands {
        let output = pals(&home, &[command, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(8), "{command:?}");
        let (kind, said) = failure(&output);
        assert_eq!(kind, "home");
        assert!(said.contains("pals init --scheme"), "{said}");
    }
    assert!(!home.path().join("pals").exists());
}

#[test]
fn who_is_no_member_and_what_is_no_input_is_refused_at_once() {
    let home = TempDir::new().unwrap();
    let card = format!("{}@02aabbccddeeff0011223344:0", "ab".repeat(32));
    let commands: [&[&str]; 5] = [
        &["auction", "create", "--bid", "5", "--with", "bob"],
        &["auction", "create", "--bid", "5", "--with", &card],
        &["auction", "create", "--bid", "5"],
        &["auction", "join", "--bid", "-5"],
        &["run", "maximum", "join", "--value", "18446744073709551616"],
    ];
    for command in commands {
        let output = pals(&home, &[command, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert_eq!(failure(&output).0, "usage");
    }
}

#[test]
fn an_auctioneer_does_not_bid() {
    let home = TempDir::new().unwrap();
    let code = format!("{}@02aabbccddeeff0011223344:7", "ab".repeat(32));
    let create = |more: &[&str]| {
        let create = ["auction", "create", "--with", &code, "--json"];
        pals(&home, &[&create, more].concat()).status.code()
    };
    assert_eq!(create(&["--auctioneer"]), Some(8), "as far as the home");
    assert_eq!(create(&["--auctioneer", "--bid", "5"]), Some(2));
    assert_eq!(create(&[]), Some(2));
}
