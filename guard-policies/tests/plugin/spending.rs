//! Fuel, depth and stack: each at its limit and past it.

use guard_policies::plugin::limits::{CALL_DEPTH_MAX, FUEL_DEFAULT, STACK_BYTES_MAX};
use guard_policies::plugin::{Plugin, PluginSettings};
use guard_policies::{Opinion, Policy};

use crate::support::{PASS, ask, check, checking, failure, framed, load};

/// Counts down from so many.
fn counting(rounds: u32) -> Vec<u8> {
    checking(&format!(
        "(local $left i32)
        (local.set $left (i32.const {rounds}))
        (loop
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if 0 (local.get $left)))
        i64.const 0"
    ))
}

fn with_fuel(module: &[u8], fuel: u64) -> Plugin {
    let settings = PluginSettings {
        fuel,
        ..PluginSettings::default()
    };
    Plugin::load(module, &settings).expect("a module")
}

#[test]
fn fuel_suffices_to_its_last_unit() {
    let module = counting(1_000);
    let needed = ask(&load(&module).expect("a module"), b"").fuel;
    assert!((3_000..10_000).contains(&needed), "{needed}");
    let enough = ask(&with_fuel(&module, needed), b"");
    assert_eq!(
        (enough.opinion, enough.fuel),
        (Ok(Opinion::Indifferent), needed)
    );
    let short = with_fuel(&module, needed - 1);
    assert_eq!(failure(&short), "it ran out of fuel");
}

#[test]
fn every_message_has_the_whole_fuel() {
    let plugin = load(&counting(5_000)).expect("a module");
    let spent = ask(&plugin, b"").fuel;
    assert!(spent > FUEL_DEFAULT / 2, "{spent}");
    for _ in 0..10 {
        let answer = ask(&plugin, b"");
        assert_eq!(
            (answer.opinion, answer.fuel),
            (Ok(Opinion::Indifferent), spent)
        );
    }
}

#[test]
fn who_breaks_an_instance_pays_for_the_next() {
    let cheap = load(&framed(PASS)).expect("a module");
    assert!(ask(&cheap, b"").fuel < 10);
    let broken = load(&checking("unreachable")).expect("a module");
    let fuel = ask(&broken, b"").fuel;
    let pages = 2 * 65_536 / 64;
    assert!((pages..pages + 100).contains(&fuel), "{fuel}");
    assert!(fuel <= broken.fuel_max());
}

#[test]
fn calls_nest_as_deep_as_allowed() {
    let nesting = |calls: usize| {
        let nest = r#"(func $nest (param $more i32) (result i64)
            (if (i32.eqz (local.get $more)) (then (return (i64.const 0))))
            (i64.add (i64.const 0) (call $nest (i32.sub (local.get $more) (i32.const 1)))))"#;
        let below = calls - 2;
        let check = check(&format!(
            "(i64.add (i64.const 0) (call $nest (i32.const {below})))"
        ));
        load(&framed(&(nest.to_owned() + &check))).expect("a module")
    };
    let deepest = ask(&nesting(CALL_DEPTH_MAX), b"").opinion;
    assert_eq!(deepest, Ok(Opinion::Indifferent));
    let past = failure(&nesting(CALL_DEPTH_MAX + 1));
    assert_eq!(past, "it nested its calls too deep");
}

#[test]
fn frames_take_as_much_stack_as_allowed() {
    const CELL_BYTES: usize = 8;
    const FRAMES: usize = 64;
    let nesting = |locals: usize| {
        let nest = format!(
            "(func $nest (param $more i32) (result i64) (local{})
            (if (i32.eqz (local.get $more)) (then (return (i64.const 0))))
            (i64.add (local.get 1) (call $nest (i32.sub (local.get $more) (i32.const 1)))))",
            " i64".repeat(locals)
        );
        let below = FRAMES - 1;
        let check = check(&format!("(call $nest (i32.const {below}))"));
        load(&framed(&(nest + &check))).expect("a module")
    };
    let most = STACK_BYTES_MAX / CELL_BYTES / FRAMES;
    let fits = ask(&nesting(most - 8), b"").opinion;
    assert_eq!(fits, Ok(Opinion::Indifferent));
    assert_eq!(failure(&nesting(most)), "it nested its calls too deep");
}
