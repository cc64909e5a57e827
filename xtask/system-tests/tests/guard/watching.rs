//! Shadows, traces and captures.

use std::io::Read;
use std::process::{Child, Stdio};

use serde_json::{Deserializer, Value};

use crate::stage::{NOTED, PLAIN, Stage, received, refusal, send};

const ALL_PASSES: &str = "version = 1\n";

/// Its reason would turn the direction of what stands behind it on a terminal.
const NO_PLAIN: &str = r#"
version = 1
[[policy]]
name = "no-plain"
kind = "table"
[[policy.rule]]
mtype = "0xc001"
then = "refuse"
reason = "plain\u202e"
"#;

const NOTES: &str = r#"
[[policy]]
name = "note"
kind = "table"
[[policy.rule]]
mtype = "0xc002"
then = "pass"
"#;

/// Both policies.
fn two_policies() -> String {
    format!("{NO_PLAIN}{NOTES}")
}

#[test]
fn a_shadow_says_what_it_would_decide_otherwise_and_decides_nothing() {
    let stage = Stage::set(ALL_PASSES);
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    let other = stage.host.path().join("other.toml");
    stage.host.write_rules(&other, NO_PLAIN).unwrap();
    let other = other.to_string_lossy();
    assert!(!stage.guard(&["shadow", "report"])["shadow"].is_string());
    stage.guard(&["shadow", "on", &other]);
    for mtype in [PLAIN, NOTED, PLAIN] {
        send(&mut sender, receiver.id(), mtype, b"x");
        assert_eq!(received(&mut receiver), b"x");
    }
    let report = stage.guard(&["shadow", "report"]);
    assert_eq!(report["differs"], 2, "{report:#}");
    let newest = report["newest"].as_array().unwrap();
    assert_eq!(newest.len(), 2);
    assert_eq!(newest[0]["src"], sender.id().to_string());
    assert_eq!(newest[0]["mtype"], "0xc001");
    assert!(
        newest[0]["now"]
            .as_str()
            .unwrap()
            .starts_with("pass by default")
    );
    assert!(
        newest[0]["shadow"]
            .as_str()
            .unwrap()
            .starts_with("refuse by no-plain")
    );
    let shown = stage.try_guard(&["shadow", "report"]).stdout;
    assert!(
        shown.contains("refuse by no-plain") && !shown.contains('\u{202e}'),
        "{shown:?}"
    );

    stage.guard(&["shadow", "on", &other]);
    let fresh = stage.guard(&["shadow", "report"]);
    assert_eq!(
        (&fresh["differs"], &fresh["newest"]),
        (&0.into(), &Value::Array(vec![]))
    );
    stage.guard(&["shadow", "off"]);
    send(&mut sender, receiver.id(), PLAIN, b"x");
    assert_eq!(stage.guard(&["shadow", "report"])["differs"], 0);
}

#[test]
fn a_shadow_that_cannot_be_loaded_is_none() {
    let stage = Stage::set(ALL_PASSES);
    let nowhere = stage.try_guard(&["shadow", "on", "/nowhere/guard.toml"]);
    assert_eq!(nowhere.code, Some(1), "{}", nowhere.failure());
    assert!(
        nowhere.stderr.contains("/nowhere/guard.toml"),
        "{}",
        nowhere.stderr
    );
    assert!(stage.guard(&["list"])["shadow"].is_null());
}

/// A command that goes on until it is done or interrupted.
struct Background(Child);

impl Background {
    fn start(stage: &Stage, words: &[&str]) -> Self {
        let command = stage.host.etpctl(&["--json", "guard"]).args(words);
        let mut command = command.into_command();
        Self(command.stdout(Stdio::piped()).spawn().unwrap())
    }

    fn interrupt(&self) {
        let pid = self.0.id().to_string();
        let kill = std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status();
        assert!(kill.unwrap().success());
    }

    /// The documents that it printed, when it ended well.
    fn documents(mut self) -> Vec<Value> {
        let mut text = String::new();
        let mut stdout = self.0.stdout.take().unwrap();
        stdout.read_to_string(&mut text).unwrap();
        assert!(self.0.wait().unwrap().success(), "{text}");
        let documents = Deserializer::from_str(&text).into_iter();
        documents.map(Result::unwrap).collect()
    }
}

fn wait_until_traced(stage: &Stage, is_traced: bool) {
    let traced = || {
        let list = stage.guard(&["list"]);
        Ok(list["watched"].as_array().unwrap().is_empty() != is_traced)
    };
    stage.host.wait_for("tracing", traced).unwrap();
}

#[test]
fn a_trace_says_what_each_policy_said_of_messages_from_and_to_an_id() {
    let stage = Stage::set(&two_policies());
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    let mut other = stage.program("other");
    let id = receiver.id().to_string();
    let trace = Background::start(&stage, &["trace", &id, "--count", "2"]);
    wait_until_traced(&stage, true);
    send(&mut sender, other.id(), NOTED, b"not traced");
    received(&mut other);
    send(&mut sender, receiver.id(), NOTED, b"1");
    received(&mut receiver);
    receiver.send(other.id(), PLAIN, b"2").unwrap();
    refusal(&mut receiver);
    let traced = trace.documents();
    assert_eq!(traced.len(), 2, "{traced:#?}");
    assert_eq!(traced[0]["dst"], id);
    let steps = |of: &Value| of["steps"].as_array().unwrap().clone();
    assert_eq!(steps(&traced[0]).len(), 2);
    assert_eq!(steps(&traced[0])[1], serde_json::json!(["note", "pass"]));
    assert!(
        traced[0]["verdict"]
            .as_str()
            .unwrap()
            .starts_with("pass by note")
    );
    assert_eq!(traced[1]["src"], id);
    assert_eq!(steps(&traced[1]).len(), 1, "the first decided");
    assert!(
        traced[1]["verdict"]
            .as_str()
            .unwrap()
            .starts_with("refuse by no-plain")
    );
    assert_eq!(traced[1]["generation"], 1);
    wait_until_traced(&stage, false);
}

#[test]
fn an_interrupted_trace_leaves_nothing_behind() {
    let stage = Stage::set(ALL_PASSES);
    let id = stage.program("sender").id().to_string();
    let trace = Background::start(&stage, &["trace", &id]);
    wait_until_traced(&stage, true);
    trace.interrupt();
    assert!(trace.documents().is_empty());
    wait_until_traced(&stage, false);
}

#[test]
fn what_is_captured_is_judged_again_as_it_was_and_by_other_rules_otherwise() {
    let stage = Stage::set(&two_policies());
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    let (file, rules) = (stage.host.path().join("capture"), stage.host.rules());
    let (file, rules) = (file.to_string_lossy(), rules.to_string_lossy());
    let capture = Background::start(&stage, &["capture", "--output", &file]);
    let captured = |is_so: bool| {
        let looked = || Ok(stage.guard(&["list"])["is_captured"] == is_so);
        stage.host.wait_for("capturing", looked).unwrap();
    };
    captured(true);
    for _ in 0..100 {
        send(&mut sender, receiver.id(), NOTED, b"secret of somebody");
        received(&mut receiver);
    }
    sender.send(receiver.id(), PLAIN, b"x").unwrap();
    refusal(&mut sender);
    capture.interrupt();
    let done = capture.documents().remove(0);
    captured(false);
    assert_eq!((&done["messages"], &done["lost"]), (&101.into(), &0.into()));
    let bytes = std::fs::read(&*file).unwrap();
    let secret = b"secret of somebody";
    assert!(!bytes.windows(secret.len()).any(|window| window == secret));

    let again = stage.guard(&["replay", &file, "--rules", &rules]);
    assert_eq!(
        (&again["messages"], &again["changed"]),
        (&101.into(), &0.into())
    );
    let all_passes = stage.host.path().join("other.toml");
    stage.host.write_rules(&all_passes, ALL_PASSES).unwrap();
    let all_passes = all_passes.to_string_lossy();
    let words = [
        "replay",
        &file,
        "--rules",
        &all_passes,
        "--against",
        &rules,
        "--json",
    ];
    let changed = stage.try_guard(&words);
    assert_eq!(changed.code, Some(1), "{}", changed.failure());
    let changes = changed.json().unwrap();
    let first = &changes["changes"][0];
    assert_eq!(
        changes["changed"], 101,
        "passes name another policy: {changes:#}"
    );
    assert!(
        first["after"]
            .as_str()
            .unwrap()
            .starts_with("pass by default")
    );
    let last = &changes["changes"][100];
    assert!(
        last["before"]
            .as_str()
            .unwrap()
            .starts_with("refuse by no-plain")
    );

    let twice = stage.try_guard(&["capture", "--output", &file, "--seconds", "0"]);
    assert_eq!(twice.code, Some(1), "{}", twice.failure());
    assert!(twice.stderr.contains("not overwritten"), "{}", twice.stderr);
}
