//! Rules that are in force, replaced and restored.

use libetp::client::blocking::Capability;

use crate::stage::{NOTED, PLAIN, Stage, received, refusal, send};

const NO_PLAIN: &str = r#"
version = 1
[[policy]]
name = "no-plain"
kind = "table"
[[policy.rule]]
entry = "app"
mtype = "0xc001"
then = "refuse"
reason = "plain messages are unwanted"
"#;

const ALL_PASSES: &str = "version = 1\n";

const BROKEN: &str = r#"version = 1
[[policy]]
name = "no-plain"
kind = "table"
[[policy.rule]]
mtype = "plian"
then = "refuse"
"#;

fn pair(stage: &Stage) -> (Capability, Capability) {
    (stage.program("sender"), stage.program("receiver"))
}

/// A plain message is refused with its reason, and a noted one arrives.
fn rule_is_in_force(sender: &mut Capability, receiver: &mut Capability) {
    let to = receiver.id();
    sender.send(to, PLAIN, b"unwanted").unwrap();
    let said = refusal(sender);
    assert!(
        said.contains("refused") && said.contains("no-plain: plain messages are unwanted"),
        "{said}"
    );
    send(sender, to, NOTED, b"wanted");
    assert_eq!(received(receiver), b"wanted");
}

#[test]
fn a_table_rule_refuses_what_it_names_and_tells_its_sender_why() {
    let stage = Stage::set(NO_PLAIN);
    let (mut sender, mut receiver) = pair(&stage);
    rule_is_in_force(&mut sender, &mut receiver);
    assert_eq!(stage.count("no-plain", "refused"), 1);
    assert!(stage.count("no-plain", "indifferent") >= 1);
    assert_eq!(stage.host.counter("guard-refused").unwrap(), 1);
    let explained = stage.guard(&["explain"]);
    let lines = explained["policies"][0]["explain"].to_string();
    assert!(
        lines.contains("0xc001") && lines.contains("unwanted"),
        "{lines}"
    );
}

#[test]
fn a_broken_rule_file_says_its_line_and_the_last_good_one_stays() {
    let stage = Stage::set(NO_PLAIN);
    let (mut sender, mut receiver) = pair(&stage);
    stage.host.write_rules(&stage.host.rules(), BROKEN).unwrap();
    let output = stage.try_guard(&["reload"]);
    assert_eq!(output.code, Some(1), "{}", output.failure());
    let said = output.stderr;
    assert!(
        said.contains("guard.toml:6:9") && said.contains("plian"),
        "{said}"
    );
    rule_is_in_force(&mut sender, &mut receiver);
    assert_eq!(stage.guard(&["list"])["generation"], 1);
    stage.host.signal("HUP").unwrap();
    let logged = || Ok(stage.host.last_words().contains("guard.toml:6:9"));
    stage.host.wait_for("the error in the log", logged).unwrap();
    rule_is_in_force(&mut sender, &mut receiver);
    let check = stage.try_guard(&["check", &stage.host.rules().to_string_lossy()]);
    assert_eq!(check.code, Some(1));
    assert!(check.stderr.contains("guard.toml:6:9"), "{}", check.stderr);
}

#[test]
fn a_daemon_does_not_start_with_a_broken_rule_file() {
    let (_deployment, mut host) = Stage::prepare(BROKEN);
    assert!(host.start(&[]).is_err());
    let said = host.last_words();
    assert!(said.contains("guard.toml:6:9"), "{said}");
}

#[test]
fn a_rule_file_that_others_can_write_is_not_loaded() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::set(NO_PLAIN);
    let (mut sender, mut receiver) = pair(&stage);
    let rules = stage.host.rules();
    std::fs::write(&rules, ALL_PASSES).unwrap();
    std::fs::set_permissions(&rules, std::fs::Permissions::from_mode(0o666)).unwrap();
    let output = stage.try_guard(&["reload"]);
    assert_eq!(output.code, Some(1), "{}", output.failure());
    assert!(
        output.stderr.contains("others can change it"),
        "{}",
        output.stderr
    );
    rule_is_in_force(&mut sender, &mut receiver);
}

#[test]
fn a_reload_is_undone_by_a_rollback_and_that_by_another() {
    let stage = Stage::set(NO_PLAIN);
    let (mut sender, mut receiver) = pair(&stage);
    let to = receiver.id();
    rule_is_in_force(&mut sender, &mut receiver);
    let failed = stage.try_guard(&["rollback"]);
    assert_eq!(failed.code, Some(1), "{}", failed.failure());

    assert_eq!(stage.reload(ALL_PASSES)["generation"], 2);
    send(&mut sender, to, PLAIN, b"now wanted");
    assert_eq!(received(&mut receiver), b"now wanted");

    assert_eq!(stage.guard(&["rollback"])["generation"], 1);
    rule_is_in_force(&mut sender, &mut receiver);
    assert_eq!(stage.count("no-plain", "refused"), 2);

    assert_eq!(stage.guard(&["rollback"])["generation"], 2);
    send(&mut sender, to, PLAIN, b"wanted again");
    assert_eq!(received(&mut receiver), b"wanted again");
    let same = stage.guard(&["reload"]);
    let words = same["done"].as_str().unwrap();
    assert!(words.contains("unchanged"), "{words}");
}

#[test]
fn rules_are_loaded_anew_by_a_signal() {
    let stage = Stage::set(NO_PLAIN);
    let rules = stage.host.rules();
    stage.host.write_rules(&rules, ALL_PASSES).unwrap();
    stage.host.signal("HUP").unwrap();
    let loaded = || Ok(stage.guard(&["list"])["generation"] == 2);
    stage
        .host
        .wait_for("the second generation", loaded)
        .unwrap();
    let (mut sender, mut receiver) = pair(&stage);
    send(&mut sender, receiver.id(), PLAIN, b"wanted");
    assert_eq!(received(&mut receiver), b"wanted");
}

#[test]
fn ten_thousand_rules_are_listed_and_explained_in_full() {
    let mut rules = String::from("version = 1\n");
    for policy in 0..250 {
        rules += &format!("[[policy]]\nname = \"policy-{policy}\"\nkind = \"table\"\n");
        let count = if policy == 0 { 9_000 } else { 1 };
        for rule in 0..count {
            rules +=
                &format!("[[policy.rule]]\nsize = {rule}\nmtype = \"0xc0ff\"\nthen = \"drop\"\n");
        }
    }
    let stage = Stage::set(&rules);
    let list = stage.guard(&["list"]);
    assert_eq!(list["policies"].as_array().unwrap().len(), 250);
    let explained = stage.guard(&["explain"]);
    let policies = explained["policies"].as_array().unwrap();
    assert_eq!(policies.len(), 250);
    assert!(policies[0]["explain"].as_array().unwrap().len() >= 9_000);
    assert_eq!(stage.host.counter("control-shortened").unwrap(), 0);
}
