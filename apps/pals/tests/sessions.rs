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
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/functions/sum/sum.wasm");
    let commands: [&[&str]; 11] = [
        &["run", "join", "--input", "i64:-5", "--function", module],
        &["benchmark", "join", "--kpis", "-1.5,2"],
        &["function", "list"],
        &["function", "forget", "plan"],
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

/// A file with that text in it.
fn file(home: &TempDir, name: &str, text: &str) -> String {
    let path = home.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// `create` of that is refused with such words, before a daemon or a card is asked.
#[track_caller]
fn refused(home: &TempDir, what: &str, words: &[&str], expected: &str) {
    let code = format!("{}@02aabbccddeeff0011223344:7", "ab".repeat(32));
    let create = [what, "create", "--with", &code, "--json"];
    let output = pals(home, &[&create, words].concat());
    let (kind, said) = failure(&output);
    assert_eq!((output.status.code(), kind.as_str()), (Some(2), "usage"));
    assert!(said.contains(expected), "{said}");
}

#[test]
fn key_figures_are_decimals_of_five_members() {
    let home = TempDir::new().unwrap();
    let of = |kpis, expected| refused(&home, "benchmark", &["--kpis", kpis], expected);
    of("1,2", "at least 5 members");
    of("1,x", "decimal number");
    of("1,0.0000001", "decimal number");
}

#[test]
fn what_is_wrong_with_a_site_is_said() {
    let home = TempDir::new().unwrap();
    let site = r#"{"stock":[0],"effort":[2],"cost_to_make":[3],"cost_to_keep":[1],"capacity":[13,7],
        "demand":[[0,0]],"cost_to_send":[null,1]}"#;
    let of = |text: &str, expected| {
        let site = file(&home, "site.json", text);
        refused(&home, "plan", &["--site", &site], expected);
    };
    let shorter = |list: &str, by: &str| site.replace(list, by);
    of(
        &shorter("[13,7]", "[13]"),
        "`demand` has 2 entries and needs 1",
    );
    of(
        &shorter("[null,1]", "[null]"),
        "`cost_to_send` has 1 entries and needs 2",
    );
    of(r#"{"stock":[0]}"#, "missing field");
    of(&shorter("[0],", "[],"), "1 to 255 products");
    of(&shorter("[null,1]", "[null,-2147483648]"), "null says");
    let many = format!("{:?}", [1; 60]);
    let large = shorter("[13,7]", &many).replace("[0,0]", &many);
    of(&large, "240 rows");
    refused(&home, "plan", &["--site", "nowhere"], "nowhere");
}

#[test]
fn what_no_card_computes_is_refused() {
    let home = TempDir::new().unwrap();
    let sum = concat!(env!("CARGO_MANIFEST_DIR"), "/functions/sum/sum.wasm");
    let none = file(&home, "none.wasm", "nothing");
    let words = ["--function", &none, "--input", "u8:1"];
    refused(&home, "run", &words, "no module");
    let of = |words: &str, expected| {
        let words: Vec<&str> = words.split(' ').collect();
        let words = [&["--function", sum, "--input"], &words[..]].concat();
        refused(&home, "run", &words, expected);
    };
    of("u8:1", "no parameters of sum");
    of("absent", "cannot be absent");
    of("zeros:9 --input-bytes 8", "9 bytes");
    of("u8:1 --parameters u16:1 --slice 9", "slices of 9 units");
    of("u8:1 --parameters u16:1 --fuel 0", "0 units of fuel");
    of(
        "u8:1 --parameters u16:1 --memory 67108865",
        "67108865 bytes",
    );
    let hash = "ab".repeat(32);
    let output = pals(&home, &["function", "load", &hash, "--json"]);
    let (_, said) = failure(&output);
    assert!(said.contains("name the module's file"), "{said}");
}
