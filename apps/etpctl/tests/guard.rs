//! `etpctl guard` about files, without a daemon, and about daemons that answer strangely.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use guard_policies::capture::{About, Writer};
use guard_policies::{Decision, Entry, Outcome, Principal, Record};
use libetp::{Domain, Header, Mtype, Port};
use serde_json::Value;
use tempfile::TempDir;

const RULES: &str = r#"
version = 1

[names]
shop = "020000000000000000000001:7"
kiosk = "020000000000000000000001:8"

[default]
remote = "drop"

[[policy]]
name = "no-plain"
kind = "table"
when = { entry = "app" }
hold = { seconds = 5 }

[[policy.rule]]
mtype = "0xc001"
then = "refuse"
reason = "plain messages are unwanted"

[[policy.rule]]
mtype = "0xc002"
rate = { over = "2/s", per = "uid" }
then = "refuse"
reason = "slower"
"#;

const CASES: &str = r#"
[[case]]
name = "a plain message"
src = "shop"
dst = "kiosk"
mtype = "0xc001"
expect = "refuse"
policy = "no-plain"
reason = "unwanted"

[[case]]
name = "two others"
src = "shop"
dst = "kiosk"
mtype = "0xc002"
repeat = 2
expect = "pass"
"#;

const ONE_MORE: &str = r#"
[[case]]
name = "one more"
src = "shop"
dst = "kiosk"
mtype = "0xc002"
expect = "pass"
"#;

/// A directory with rules and cases.
fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("rules.toml"), RULES).unwrap();
    fs::write(directory.path().join("cases.toml"), CASES).unwrap();
    directory
}

fn guard(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etpctl"));
    command
        .env_clear()
        .current_dir(directory)
        .env("HOME", directory);
    command.arg("guard").args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(bytes).unwrap()
}

fn ends_with(output: &Output, code: i32, words: &[&str]) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in {said}");
    }
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn without_a_daemon_questions_to_it_say_so() {
    let directory = directory();
    for words in [
        &["list"][..],
        &["holds"],
        &["approve", "1"],
        &["reload"],
        &["shadow", "off"],
        &["trace", "02aabbccddeeff0011223344:0"],
        &["capture", "--output", "capture"],
        &["explain"],
    ] {
        ends_with(&guard(directory.path(), words), 3, &["--socket"]);
    }
    assert!(!directory.path().join("capture").exists());
}

#[test]
fn a_good_rule_file_is_good_and_a_broken_one_is_not() {
    let directory = directory();
    let good = guard(directory.path(), &["check", "rules.toml"]);
    ends_with(&good, 0, &["rules.toml is good", "policies: 1", "no-plain"]);
    let broken = RULES.replace("reason = \"slower\"", "reson = \"slower\"");
    fs::write(directory.path().join("broken.toml"), broken).unwrap();
    let broken = guard(directory.path(), &["check", "broken.toml"]);
    ends_with(&broken, 1, &["broken.toml:26:1", "did you mean `reason`?"]);
    ends_with(&guard(directory.path(), &["check", "none"]), 1, &["none"]);
    let json = guard(directory.path(), &["check", "broken.toml", "--json"]);
    assert_eq!(document(&json)["error"]["kind"], "other");
}

#[test]
fn a_rule_file_is_explained_with_conditions_holds_and_defaults() {
    let directory = directory();
    let explained = guard(directory.path(), &["explain", "rules.toml"]);
    let words = [
        "1. no-plain",
        "is asked about: entry = app",
        "asks an administrator for 5 s",
        "may change no message",
        "1. refuse mtype = 0xc001: plain messages are unwanted",
        "rate = over 2/s per uid",
        "what no policy decides: app pass, card pass, remote drop",
    ];
    ends_with(&explained, 0, &words);
    let json = document(&guard(
        directory.path(),
        &["explain", "rules.toml", "--json"],
    ));
    assert_eq!(json["policies"][0]["name"], "no-plain");
}

#[test]
fn cases_that_end_as_expected_are_a_success() {
    let directory = directory();
    let words = ["test", "cases.toml", "cases.toml", "--rules", "rules.toml"];
    let tested = guard(directory.path(), &words);
    ends_with(&tested, 0, &["ok    a plain message", "2 of 2 cases"]);
    let json = document(&guard(
        directory.path(),
        &[&words[..], &["--json"]].concat(),
    ));
    assert_eq!((&json["cases"], &json["failed"]), (&4.into(), &0.into()));
}

#[test]
fn a_case_that_ends_otherwise_is_shown_with_its_line_and_both_verdicts() {
    let directory = directory();
    let cases = directory.path().join("cases.toml");
    fs::write(&cases, format!("{CASES}{ONE_MORE}")).unwrap();
    let words = ["test", "cases.toml", "--rules", "rules.toml"];
    let tested = guard(directory.path(), &words);
    let told = [
        "FAIL  one more",
        "expected pass",
        "got      refuse by no-plain: slower",
        "cases.toml:20: one more",
        "1 of 3 cases failed",
    ];
    ends_with(&tested, 1, &told);
    let json = guard(directory.path(), &[&words[..], &["--json"]].concat());
    assert_eq!(json.status.code(), Some(1));
    let json = document(&json);
    assert_eq!(json["failed"], 1);
    assert_eq!(json["files"][0]["cases"][2]["line"], 20);
    fs::write(&cases, "[[case]]\nnmae = 1\n").unwrap();
    ends_with(&guard(directory.path(), &words), 1, &["cases.toml:2:1"]);
}

/// A capture of messages of these types, which all passed.
fn capture(path: &Path, mtypes: &[u16]) {
    let about = About {
        software: "test".into(),
        has_params: false,
    };
    let mut writer = Writer::new(Vec::new(), &about).unwrap();
    let outcome = Outcome {
        decision: Decision::Pass,
        policy: "default".into(),
        reason: None,
    };
    for &mtype in mtypes {
        writer.add(&record(Mtype(mtype)), &outcome, 1).unwrap();
    }
    fs::write(path, writer.finish().unwrap()).unwrap();
}

fn record(mtype: Mtype) -> Record {
    let domain = Domain([2; 12]);
    let principal = Principal {
        uid: 1_000,
        gid: 1_000,
        pid: 1,
    };
    Record {
        entry: Entry::App {
            principal,
            derived: false,
        },
        membership: None,
        header: Header {
            src: domain.entity(Port(7)),
            dst: domain.entity(Port(8)),
            mtype,
        },
        size: 40,
        now: guard_policies::Now::default(),
        is_src_local: true,
        is_dst_local: true,
        is_owner: true,
        param: None,
    }
}

#[test]
fn a_capture_is_compared_with_what_was_and_with_other_rules() {
    let directory = directory();
    let path = directory.path().join("capture");
    capture(&path, &[0xc003, 0xc001, 0xc003]);
    let words = ["replay", "capture", "--rules", "rules.toml"];
    let replayed = guard(directory.path(), &words);
    let told = [
        "#1 app: 0xc001",
        "before pass by default",
        "after  refuse by no-plain",
        "1 of 3 messages are judged differently",
    ];
    ends_with(&replayed, 1, &told);
    let same = [&words[..], &["--against", "rules.toml"]].concat();
    ends_with(&guard(directory.path(), &same), 0, &["0 of 3 messages"]);
    let json = document(&guard(
        directory.path(),
        &[&words[..], &["--json"]].concat(),
    ));
    assert_eq!(json["changes"][0]["at"], 1);

    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    ends_with(
        &guard(directory.path(), &words),
        1,
        &["cut off", "of 2 messages"],
    );
    fs::write(&path, b"no capture").unwrap();
    ends_with(
        &guard(directory.path(), &words),
        1,
        &["capture: this is not"],
    );
}

#[test]
fn a_bench_tells_time_and_how_often_each_policy_was_asked() {
    let directory = directory();
    let bench = guard(directory.path(), &["bench", "rules.toml", "--json"]);
    let json = document(&bench);
    assert!(json["ns_per_message"].as_f64().unwrap() > 0.0);
    assert!(json["policies"][0]["asked"].as_u64().unwrap() > 0);
    let nothing = RULES.replace("entry = \"app\"", "mtype = \"0xc009\"");
    fs::write(directory.path().join("nothing.toml"), nothing).unwrap();
    let bench = guard(directory.path(), &["bench", "nothing.toml"]);
    ends_with(&bench, 0, &["no policy was asked", "--capture"]);
    let path = directory.path().join("capture");
    capture(&path, &[]);
    let words = ["bench", "rules.toml", "--capture", "capture"];
    ends_with(&guard(directory.path(), &words), 1, &["no messages"]);
    capture(&path, &[0xc003]);
    ends_with(&guard(directory.path(), &words), 0, &["ns for a message"]);
}

/// The TOML blocks of the guide, in order.
fn blocks_of_the_guide() -> Vec<String> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guards.md");
    let guide = fs::read_to_string(guide).unwrap();
    let blocks = guide.split("```toml\n").skip(1);
    let blocks = blocks.map(|it| it.split("```").next().unwrap().to_owned());
    blocks.collect()
}

#[test]
fn the_rules_and_cases_of_the_guide_are_good() {
    let directory = directory();
    let blocks = blocks_of_the_guide();
    fs::write(directory.path().join("guard.toml"), &blocks[0]).unwrap();
    fs::write(directory.path().join("guide.toml"), &blocks[1]).unwrap();
    let tested = guard(
        directory.path(),
        &["test", "guide.toml", "--rules", "guard.toml"],
    );
    ends_with(&tested, 0, &["ok    the eleventh", "3 of 3 cases"]);
    let held = format!("version = 1\n{}", blocks[3]);
    fs::write(directory.path().join("hold.toml"), held).unwrap();
    let explained = guard(directory.path(), &["explain", "hold.toml"]);
    ends_with(&explained, 0, &["asks an administrator for 120 s"]);
    let owners = format!("version = 1\n{}", blocks[4]);
    fs::write(directory.path().join("owners.toml"), owners).unwrap();
    let checked = guard(directory.path(), &["check", "owners.toml"]);
    ends_with(&checked, 0, &["owners-only"]);
}

#[test]
fn a_new_plugin_is_a_directory_of_its_own() {
    let directory = directory();
    let made = guard(directory.path(), &["new", "--c", "postcard"]);
    ends_with(&made, 0, &["postcard/README.md"]);
    assert!(directory.path().join("postcard/plugin.c").exists());
    ends_with(&guard(directory.path(), &["new", "--rust", "book"]), 0, &[]);
    assert!(directory.path().join("book/src/lib.rs").exists());
    let again = guard(directory.path(), &["new", "--rust", "book"]);
    ends_with(&again, 1, &["not overwritten"]);
    ends_with(
        &guard(directory.path(), &["new", "--c", "../x"]),
        2,
        &["no name"],
    );
    ends_with(
        &guard(directory.path(), &["new", "x"]),
        2,
        &["--rust", "--c"],
    );
}
