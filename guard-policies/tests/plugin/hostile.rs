//! Modules that mean harm: `hostile/*.wat`.

use std::path::Path;
use std::thread;

use guard_policies::plugin::limits::{
    FUEL_DEFAULT, FUEL_MAX, LOG_FUEL, LOG_LINE_BYTES_MAX, LOG_LINES_MAX, MEMORY_BYTES_DEFAULT,
};
use guard_policies::plugin::{Plugin, PluginSettings};
use guard_policies::{Opinion, Policy};

use crate::support::{FRAME, ask, check, failure, load, module, refused};

fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugin/hostile");
    wat::parse_file(path.join(name).with_extension("wat")).expect("WebAssembly text")
}

#[test]
fn an_endless_loop_ends_with_its_fuel() {
    let plugin = load(&read("endless")).expect("a module");
    assert_eq!(failure(&plugin), "it ran out of fuel");
    assert!(ask(&plugin, b"").fuel >= FUEL_DEFAULT);
    assert!(ask(&plugin, b"").fuel <= plugin.fuel_max());
}

#[test]
fn running_needs_no_more_stack_the_longer_it_takes() {
    const SMALL: usize = 256 * 1024;
    let settings = PluginSettings {
        fuel: FUEL_MAX,
        ..PluginSettings::default()
    };
    let plugin = Plugin::load(&read("endless"), &settings).expect("a module");
    let run = move || assert_eq!(failure(&plugin), "it ran out of fuel");
    let thread = thread::Builder::new().stack_size(SMALL).spawn(run);
    thread.expect("a thread").join().expect("no overflow");
}

#[test]
fn memory_does_not_grow_beyond_its_limit() {
    let plugin = load(&read("memory-bomb")).expect("a module");
    let Ok(Opinion::Rewrite(pages)) = ask(&plugin, b"").opinion else {
        panic!("a byte for each page");
    };
    assert_eq!(pages.len() * 65_536, MEMORY_BYTES_DEFAULT);
}

#[test]
fn bulk_instructions_cost_what_they_move() {
    let plugin = load(&read("bulk")).expect("a module");
    assert_eq!(failure(&plugin), "it ran out of fuel");
}

#[test]
fn endless_recursion_ends_at_the_depth_limit() {
    let plugin = load(&read("recursion")).expect("a module");
    assert_eq!(failure(&plugin), "it nested its calls too deep");
}

#[test]
fn fat_frames_end_at_the_stack_limit() {
    let plugin = load(&read("fat-frames")).expect("a module");
    assert_eq!(failure(&plugin), "it nested its calls too deep");
}

#[test]
fn a_start_function_is_refused_before_it_runs() {
    let refusal = refused(&read("start"));
    assert!(refusal.contains("start"), "{refusal}");
}

#[test]
fn an_endless_configuration_ends_with_its_fuel() {
    let refusal = refused(&read("endless-configure"));
    assert!(refusal.contains("ran out of fuel"), "{refusal}");
    let refusal = refused(&read("endless-buffer"));
    assert!(refusal.contains("ran out of fuel"), "{refusal}");
}

#[test]
fn a_buffer_that_moves_is_where_it_was_first() {
    let plugin = load(&read("moving-buffer")).expect("a module");
    for _ in 0..3 {
        let answer = ask(&plugin, b"").opinion;
        assert_eq!(answer, Ok(Opinion::Refuse("first".into())));
    }
}

#[test]
fn a_log_costs_fuel_and_is_bounded() {
    let plugin = load(&read("log-flood")).expect("a module");
    assert_eq!(failure(&plugin), "it ran out of fuel");
    let log = plugin.take_log();
    assert_eq!(log.lines.len(), LOG_LINES_MAX);
    assert!(log.lost > 0 && log.lost < 100, "{}", log.lost);
    let longest = r"\u{0}".len() * LOG_LINE_BYTES_MAX;
    assert!(log.lines.iter().all(|line| line.len() <= longest));
    assert_eq!(plugin.take_log().lines.len(), 0, "taken");
}

#[test]
fn a_log_of_what_is_no_memory_traps() {
    let plugin = load(&read("log-outside")).expect("a module");
    assert!(failure(&plugin).starts_with("it trapped"));
}

#[test]
fn a_line_of_the_log_is_cut_at_its_limit() {
    let logging = |len: usize| {
        let log = r#"(import "guard" "log" (func $log (param i32 i32)))"#;
        let check = check(&format!(
            "(memory.fill (i32.const 0) (i32.const 120) (i32.const 1000))
            (call $log (i32.const 0) (i32.const {len})) i64.const 0"
        ));
        let plugin = load(&module(&format!("{log} {FRAME} {check}"))).expect("a module");
        let fuel = ask(&plugin, b"").fuel;
        (plugin.take_log().lines[0].len(), fuel)
    };
    let (least, most) = (logging(0), logging(LOG_LINE_BYTES_MAX));
    assert_eq!((least.0, most.0), (0, LOG_LINE_BYTES_MAX));
    assert_eq!(
        most.1 - least.1,
        LOG_LINE_BYTES_MAX as u64,
        "each byte costs fuel"
    );
    assert!(least.1 > LOG_FUEL);
    assert_eq!(logging(LOG_LINE_BYTES_MAX + 1), most);
}

#[test]
fn a_flipped_bit_harms_nobody() {
    for name in [
        "bulk",
        "endless",
        "log-flood",
        "moving-buffer",
        "recursion",
        "start",
    ] {
        let whole = read(name);
        for bit in 0..8 * whole.len() {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            drop(load(&flipped));
        }
    }
}
