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

/// Each says what is wrong before a daemon or a card is asked.
#[test]
fn what_no_session_computes_is_refused_at_once() {
    let home = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let code = format!("{}@02aabbccddeeff0011223344:7", "ab".repeat(32));
    let sum = concat!(env!("CARGO_MANIFEST_DIR"), "/functions/sum/sum.wasm");
    let site = r#"{"stock":[0],"effort":[2],"cost_to_make":[3],"cost_to_keep":[1],"capacity":[13,7],
        "demand":[[0,0]],"cost_to_send":[null,1]}"#;
    let short = file("short.json", &site.replace("[13,7]", "[13]"));
    let lanes = file("lanes.json", &site.replace("[null,1]", "[null]"));
    let other = file("other.json", r#"{"stock":[0]}"#);
    let large = site.replace("[13,7]", &format!("{:?}", [1; 60]));
    let large = file(
        "large.json",
        &large.replace("[0,0]", &format!("{:?}", [1; 60])),
    );
    let none = file("none.wasm", "nothing");
    let create: [(&[&str], &[&str], &str); 13] = [
        (&["benchmark"], &["--kpis", "1,2"], "at least 5 members"),
        (&["benchmark"], &["--kpis", "1,x"], "decimal number"),
        (
            &["plan"],
            &["--site", &short],
            "`demand` has 2 entries and needs 1",
        ),
        (
            &["plan"],
            &["--site", &lanes],
            "`cost_to_send` has 1 entries and needs 2",
        ),
        (&["plan"], &["--site", &other], "missing field"),
        (&["plan"], &["--site", &large], "240 rows"),
        (&["plan"], &["--site", "nowhere"], "nowhere"),
        (
            &["run"],
            &["--function", &none, "--input", "u8:1"],
            "no module",
        ),
        (
            &["run"],
            &["--function", sum, "--input", "u8:1"],
            "no parameters of sum",
        ),
        (
            &["run"],
            &[
                "--function",
                sum,
                "--input",
                "zeros:9",
                "--input-bytes",
                "8",
            ],
            "9 bytes",
        ),
        (
            &["run"],
            &["--function", sum, "--input", "absent"],
            "cannot be absent",
        ),
        (
            &["run"],
            &[
                "--function",
                sum,
                "--input",
                "u8:1",
                "--parameters",
                "u16:1",
                "--slice",
                "9",
            ],
            "slices of 9 units",
        ),
        (
            &["run"],
            &[
                "--function",
                sum,
                "--input",
                "u8:1",
                "--parameters",
                "u16:1",
                "--fuel",
                "0",
            ],
            "0 units of fuel",
        ),
    ];
    for (what, words, expected) in create {
        let create = ["create", "--with", &code, "--json"];
        let output = pals(&home, &[what, &create, words].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let (kind, said) = failure(&output);
        assert!(kind == "usage" && said.contains(expected), "{said}");
    }
    let hash_alone = ["function", "load", &"ab".repeat(32), "--json"];
    let (_, said) = failure(&pals(&home, &hash_alone));
    assert!(said.contains("name the module's file"), "{said}");
}
