//! State, settings, identity: a plugin over its life.

use std::thread;

use guard_policies::plugin::limits::SETTINGS_DEPTH_MAX;
use guard_policies::plugin::{Plugin, PluginSettings};
use guard_policies::{Facts, Opinion, Policy};
use libetp::Mtype;
use libetp::digest::sha256;

use crate::support::{APP, Host, PASS, ask, check, framed, header, load};

/// Answers with a param of one byte, the number of messages so far; traps on an empty param,
/// after it has counted.
const COUNTER: &str = r#"
    (global $count (mut i32) (i32.const 0))
    (func (export "guard_check") (param $len i32) (result i64)
        (local $last i32)
        (local.set $last (i32.load8_u (i32.sub (local.get $len) (i32.const 1))))
        (global.set $count (i32.add (global.get $count) (i32.const 1)))
        (if (i32.eq (local.get $last) (i32.const 0x40)) (then unreachable))
        (i32.store8 (i32.const 0) (global.get $count))
        i64.const 0x400000001)"#;

fn count(plugin: &Plugin) -> u8 {
    match ask(plugin, b"x").opinion {
        Ok(Opinion::Rewrite(param)) => param[0],
        other => panic!("{other:?}"),
    }
}

#[test]
fn state_lasts_until_a_failure() {
    let plugin = load(&framed(COUNTER)).expect("a module");
    assert_eq!([1, 2, 3].map(|_| count(&plugin)), [1, 2, 3]);
    ask(&plugin, b"").opinion.expect_err("a trap");
    assert_eq!([1, 2].map(|_| count(&plugin)), [1, 2]);
    let other = load(&framed(COUNTER)).expect("a module");
    assert_eq!(count(&other), 1, "every policy has an instance of its own");
}

#[test]
fn several_threads_ask_one_plugin() {
    let plugin = load(&framed(COUNTER)).expect("a module");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| drop(ask(&plugin, b"x"))));
        }
    });
    assert_eq!(count(&plugin), 201);
}

/// Refuses its settings with them as its reason, unless they are empty.
const PICKY: &str = r#"
    (func (export "guard_configure") (param $len i32) (result i32)
        (if (i32.eq (local.get $len) (i32.const 1)) (then (return (i32.const 0))))
        local.get $len)"#;

fn with_settings(module: &[u8], settings: &str) -> Result<Plugin, String> {
    let settings = PluginSettings {
        settings: settings.parse().expect("TOML"),
        ..PluginSettings::default()
    };
    Plugin::load(module, &settings)
}

fn complaint(module: &[u8], settings: &str) -> String {
    with_settings(module, settings).err().expect("a refusal")
}

#[test]
fn a_plugin_takes_or_refuses_its_settings() {
    let picky = framed(&(PICKY.to_owned() + PASS));
    with_settings(&picky, "").expect("nothing to refuse");
    let refusal = complaint(&picky, "words = \"many\"");
    assert!(
        refusal.starts_with("it does not take its settings: "),
        "{refusal}"
    );
    assert!(refusal.contains("many"), "{refusal}");
    let without = framed(PASS);
    with_settings(&without, "").expect("nothing to take");
    assert!(complaint(&without, "a = 1").contains("takes no settings"));
}

#[test]
fn settings_are_of_kinds_that_a_plugin_can_read() {
    let picky = framed(&(PICKY.to_owned() + PASS));
    for unreadable in ["a = 1.5", "a = 2026-11-21", "a = [{ b = 1.5 }]"] {
        let refusal = complaint(&picky, unreadable);
        assert!(
            refusal.contains("a plugin gets text, integers"),
            "{refusal}"
        );
    }
    let large = format!("a = \"{}\"", "x".repeat(70_000));
    assert!(complaint(&picky, &large).contains("69632 are the limit"));
    let nested = |depth: usize| format!("a = {}{}", "[".repeat(depth), "]".repeat(depth));
    let taken = framed(&format!(
        r#"(func (export "guard_configure") (param i32) (result i32) i32.const 0) {PASS}"#
    ));
    with_settings(&taken, &nested(SETTINGS_DEPTH_MAX)).expect("as deep as allowed");
    let refusal = complaint(&taken, &nested(SETTINGS_DEPTH_MAX + 1));
    assert!(refusal.contains("levels deep"), "{refusal}");
}

#[test]
fn a_wrong_complaint_is_a_complaint_too() {
    for answer in ["-1", "69633", "2147483647"] {
        let configure = format!(
            r#"(func (export "guard_configure") (param i32) (result i32) i32.const {answer})"#
        );
        let refusal = complaint(&framed(&(configure + PASS)), "a = 1");
        assert_eq!(refusal, "it does not take its settings: ");
    }
}

#[test]
fn only_the_module_with_the_given_hash_loads() {
    let module = framed(PASS);
    let pinned = |sha256| {
        let settings = PluginSettings {
            sha256: Some(sha256),
            ..PluginSettings::default()
        };
        Plugin::load(&module, &settings)
    };
    let plugin = pinned(sha256(&module)).expect("the module");
    assert_eq!(plugin.hash(), sha256(&module));
    let refusal = pinned([7; 32]).err().expect("a refusal");
    assert!(refusal.contains("not the one that is given"), "{refusal}");
}

#[test]
fn a_plugin_is_explained() {
    let log = r#"(import "guard" "log" (func (param i32 i32)))"#;
    let module = crate::support::module(&format!(
        r#"{log} (memory (export "memory") 2)
        (func (export "guard_abi") (result i32) i32.const 1)
        (func (export "guard_buf") (result i32) i32.const 0)
        (func (export "b\0ad")) {}"#,
        check("i64.const 0")
    ));
    let lines = load(&module).expect("a module").explain().join("\n");
    for part in [
        "imports guard.log",
        "guard_check (function)",
        r"b\u{a}d (function)",
        "50000 fuel",
        "1048576 bytes of memory",
        "256 calls",
        "sha256 ",
        "wasmi",
    ] {
        assert!(lines.contains(part), "{part} in {lines}");
    }
}

#[test]
fn a_secret_param_never_enters_a_plugin() {
    let plugin = load(&framed(COUNTER)).expect("a module");
    let secret = Facts::new(APP, header(Mtype::AUTH), b"\x40", &Host);
    assert!(secret.param().is_none());
    plugin
        .judge(&secret)
        .opinion
        .expect("the last byte is null, not the param's");
}

/// Answers with what it was told.
const ECHO: &str = r#"
    (func (export "guard_check") (param $len i32) (result i64)
        (i64.or (i64.const 0x400000000) (i64.extend_i32_u (local.get $len))))"#;

#[test]
fn the_clock_of_a_plugin_never_goes_back() {
    let plugin = load(&framed(ECHO)).expect("a module");
    let told = |tick_ms| {
        let mut facts = Facts::new(APP, header(Mtype(0xc001)), b"x", &Host);
        facts.now.tick_ms = tick_ms;
        plugin.judge(&facts).opinion
    };
    let first = told(100_000);
    // As from a thread or a worker that is late.
    assert_eq!([told(99_999), told(0)], [first.clone(), first.clone()]);
    assert_ne!(told(100_001), first);
}
