//! Guard that cannot judge lets nothing pass that it would refuse anyway.

use libetp::Mtype;
use libetp::client::blocking::Capability;
use serde_json::json;

use crate::modules::{TRAPS_AT_T, module, policy};
use crate::stage::{NOTED, PLAIN, Stage, nothing_came, received, refusal, send, write_modules};
use crate::users::User;

/// Failures in a row that put a sender into quarantine are three; this is more.
const TRIES: u64 = 5;
/// Messages of one sender that may wait for Guard.
const WAITING_MAX: usize = 64;
const FIRST_USER: u32 = 64_000;

macro_rules! hostile {
    ($name:literal) => {
        include_str!(concat!(
            "../../../../guard-policies/tests/plugin/hostile/",
            $name,
            ".wat"
        ))
    };
}

/// Modules that load and answer nothing of worth, each in its own way.
const HOSTILE: [(&str, &str); 11] = [
    ("endless", hostile!("endless")),
    ("recursion", hostile!("recursion")),
    ("fat-frames", hostile!("fat-frames")),
    ("memory-bomb", hostile!("memory-bomb")),
    ("bulk", hostile!("bulk")),
    ("log-flood", hostile!("log-flood")),
    ("log-outside", hostile!("log-outside")),
    ("gives-up", module!("unreachable")),
    ("long-reason", module!("i64.const 0x2ffffffff")),
    ("huge-param", module!("i64.const 0x4ffffffff")),
    ("no-such-code", module!("i64.const 0x700000000")),
];

/// A type of its own for each of them.
fn mtype_of(place: usize) -> Mtype {
    Mtype(0xC100 + place as u16)
}

fn hostile_rules(is_slow: bool) -> String {
    let policies = HOSTILE.iter().enumerate();
    let policies = policies.map(|(place, (name, _))| policy(name, mtype_of(place), is_slow));
    format!("version = 1\n{}", policies.collect::<String>())
}

#[test]
fn whatever_a_plugin_does_nothing_passes_that_it_was_to_judge() {
    for is_slow in [false, true] {
        let stage = Stage::set_with(&hostile_rules(is_slow), &HOSTILE);
        let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
        let to = receiver.id();
        for (place, (name, _)) in HOSTILE.iter().enumerate() {
            for _ in 0..TRIES {
                sender.send(to, mtype_of(place), b"T").unwrap();
                let said = refusal(&mut sender);
                let failed = format!("{name}: guard-failed: ");
                assert!(said.contains(&failed), "{said}");
            }
            send(&mut sender, to, NOTED, name.as_bytes());
            assert_eq!(received(&mut receiver), name.as_bytes());
            let unasked = stage.count(name, "quarantined");
            assert_eq!(stage.count(name, "failed") + unasked, TRIES);
        }
        nothing_came(&mut receiver);
    }
}

/// Makes the policy fail until the daemon says that it does not ask it any more.
fn until_quarantine(stage: &Stage, sender: &mut Capability, receiver: &Capability) {
    let quarantined = || {
        sender.send(receiver.id(), PLAIN, b"T").unwrap();
        let said = refusal(sender);
        assert!(said.contains("traps: guard-failed: "), "{said}");
        Ok(said.contains("quarantine"))
    };
    stage.host.wait_for("a quarantine", quarantined).unwrap();
}

/// Sends what the policy has no objection to until it passes.
fn until_it_passes(stage: &Stage, sender: &mut Capability, receiver: &mut Capability) {
    let passed = || {
        sender.send(receiver.id(), PLAIN, b"fine").unwrap();
        let refused = sender.flush().unwrap();
        let only_quarantine = |it: &_| format!("{it}").contains("quarantine");
        assert!(refused.iter().all(only_quarantine), "{refused:?}");
        Ok(refused.is_empty())
    };
    stage.host.wait_for("the end of it", passed).unwrap();
    assert_eq!(received(receiver), b"fine");
}

fn trapping_stage() -> Stage {
    let rules = format!("version = 1\n{}", policy("traps", PLAIN, false));
    Stage::set_with(&rules, &[("traps", TRAPS_AT_T)])
}

#[test]
fn a_sender_in_quarantine_is_heard_again_after_it() {
    let stage = trapping_stage();
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    for _ in 0..2 {
        until_quarantine(&stage, &mut sender, &receiver);
        send(&mut sender, receiver.id(), NOTED, b"of another type");
        assert_eq!(received(&mut receiver), b"of another type");
        until_it_passes(&stage, &mut sender, &mut receiver);
    }
    nothing_came(&mut receiver);
}

#[test]
fn a_policy_in_quarantine_refuses_what_it_was_to_judge_and_is_asked_again_after_it() {
    let stage = trapping_stage();
    let (mut modest, mut receiver) = (stage.program("modest"), stage.program("receiver"));
    let to = receiver.id();
    let start = |n| User::start(&stage, FIRST_USER + n);
    let mut hostile: Vec<User> = (0..3).map(start).collect();
    let refused = || {
        for user in &mut hostile {
            let said = user.send(to, PLAIN, "T").expect("a refusal");
            assert!(said.contains("traps: guard-failed: "), "{said}");
        }
        modest.send(to, PLAIN, b"fine").unwrap();
        match &modest.flush().unwrap()[..] {
            [] => {
                assert_eq!(received(&mut receiver), b"fine");
                Ok(false)
            }
            told => Ok(told[0].verdict.to_string().contains("in quarantine")),
        }
    };
    let what = "the policy in quarantine";
    stage.host.wait_for(what, refused).unwrap();
    send(&mut modest, to, NOTED, b"of another type");
    assert_eq!(received(&mut receiver), b"of another type");
    until_it_passes(&stage, &mut modest, &mut receiver);
    nothing_came(&mut receiver);
}

/// A message of 40 bytes, its header included, makes it divide by zero.
const DIVIDES: &str = r#"
version = 1
[[policy]]
name = "divides"
kind = "expression"
when = { mtype = "0xc001" }
refuse_if = "1000 / (size - 40) > 1000"
"#;

#[test]
fn an_expression_that_fails_at_a_message_refuses_it() {
    const PARAM_OF_40_BYTES: [u8; 6] = [7; 6];
    let stage = Stage::set(DIVIDES);
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    send(&mut sender, receiver.id(), PLAIN, b"fine");
    assert_eq!(received(&mut receiver), b"fine");
    for _ in 0..TRIES {
        let to = receiver.id();
        sender.send(to, PLAIN, &PARAM_OF_40_BYTES).unwrap();
        let said = refusal(&mut sender);
        assert!(said.contains("divides: guard-failed: "), "{said}");
    }
    until_it_passes(&stage, &mut sender, &mut receiver);
    nothing_came(&mut receiver);
}

/// Modules that do not load: the buffer is not memory, and no end of the configuration.
const UNLOADABLE: [(&str, &str); 3] = [
    (
        "lying-buffer",
        r#"(module (memory (export "memory") 1)
        (func (export "guard_abi") (result i32) i32.const 1)
        (func (export "guard_buf") (result i32) i32.const 0xfffffff0)
        (func (export "guard_check") (param i32) (result i64) i64.const 0))"#,
    ),
    ("endless-configure", hostile!("endless-configure")),
    ("start", hostile!("start")),
];

/// Rule files that do not load, by why.
fn unloadable() -> Vec<(&'static str, String)> {
    let table = |line: &str| {
        format!(
            "version = 1\n[[policy]]\nname = \"p\"\nkind = \"table\"\n\
             [[policy.rule]]\n{line}\nthen = \"pass\"\n"
        )
    };
    let plugin = |name: &str| format!("version = 1\n{}", policy(name, PLAIN, false));
    let pinned = format!("sha256 = \"{}\"\n", "00".repeat(32));
    vec![
        ("nobody", table("dst = \"nobody\"")),
        ("user", table("user = \"no-such-user\"")),
        ("empty range", table("size = \"9-1\"")),
        ("no-module", plugin("no-module")),
        ("memory", plugin("lying-buffer")),
        ("fuel", plugin("endless-configure")),
        ("start", plugin("start")),
        ("sha256", plugin("traps") + &pinned),
        ("version", "version = 2\n".into()),
        ("expected", "version = 1\n[[policy]\n".into()),
        ("nowhere", "version = 1\ninclude = [\"/nowhere\"]\n".into()),
    ]
}

#[test]
fn rules_that_cannot_be_loaded_change_nothing() {
    let refuses = "version = 1\ndefault = { app = \"refuse\" }\n";
    let stage = Stage::set_with(refuses, &[("traps", TRAPS_AT_T)]);
    write_modules(&stage.host, &UNLOADABLE);
    let (mut sender, mut receiver) = (stage.program("sender"), stage.program("receiver"));
    for (why, rules) in unloadable() {
        let file = stage.host.rules();
        stage.host.write_rules(&file, &rules).unwrap();
        let failed = stage.try_guard(&["reload"]);
        assert_eq!(failed.code, Some(1), "{why}: {}", failed.failure());
        assert!(failed.stderr.contains(why), "{why}: {}", failed.stderr);
        sender.send(receiver.id(), PLAIN, b"fine").unwrap();
        let said = refusal(&mut sender);
        assert!(said.contains("no policy lets such a message in"), "{said}");
    }
    assert_eq!(stage.guard(&["list"])["generation"], 1);
    nothing_came(&mut receiver);
}

const HOLDS: &str = r#"
version = 1
[[policy]]
name = "ask"
kind = "table"
hold = { seconds = 3600 }
[[policy.rule]]
mtype = "0xc001"
then = "hold"
reason = "is it wanted?"
"#;

#[test]
fn a_flood_of_holds_lets_nothing_pass_and_takes_nobody_elses_room() {
    let stage = Stage::set(HOLDS);
    let mut receivers: Vec<_> = (0..8).map(|_| stage.program("receiver")).collect();
    let ids: Vec<_> = receivers.iter().map(Capability::id).collect();
    let mut sender = stage.program("sender");
    for n in 0..4 * WAITING_MAX {
        sender.queue(ids[n % ids.len()], PLAIN, b"unasked").unwrap();
    }
    let refused = sender.flush().unwrap();
    assert_eq!(refused.len(), 3 * WAITING_MAX);
    let over = |it: &_| format!("{it}").contains("guard-hold-budget");
    assert!(refused.iter().all(over), "{:?}", refused[0]);

    let mut modest = User::start(&stage, FIRST_USER);
    assert_eq!(modest.send(ids[0], PLAIN, "asked"), None);
    assert_eq!(modest.send(ids[1], NOTED, "not asked"), None);
    assert_eq!(received(&mut receivers[1]), b"not asked");
    let held = stage.guard(&["holds"])["holds"].clone();
    let held = held.as_array().unwrap();
    assert_eq!(held.len(), ids.len() + 1);
    let from = sender.id().to_string();
    let of_modest = held.iter().find(|it| it["src"] != json!(from)).unwrap();
    stage.guard(&["approve", &of_modest["ticket"].to_string()]);
    assert_eq!(received(&mut receivers[0]), b"asked");

    deny_all(&stage);
    receivers.iter_mut().for_each(nothing_came);
}

/// Denies what is asked, and what is asked next, until nothing waits.
fn deny_all(stage: &Stage) {
    let none_left = || {
        let holds = stage.guard(&["holds"])["holds"].clone();
        let holds = holds.as_array().unwrap();
        for held in holds {
            stage.guard(&["deny", &held["ticket"].to_string()]);
        }
        Ok(holds.is_empty())
    };
    stage
        .host
        .wait_for("nothing that waits", none_left)
        .unwrap();
}
