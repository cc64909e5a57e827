//! What a module may declare: each limit at it and past it, when it is loaded.

use guard_policies::plugin::limits::{
    BUFFER_BYTES, EXPORTS_MAX, FUEL_MAX, FUNCTION_LOCALS_MAX, FUNCTIONS_MAX, GLOBALS_MAX,
    IMPORTS_MAX, LOCALS_MAX, MEMORIES_MAX, MEMORY_BYTES_DEFAULT, MEMORY_BYTES_MAX,
    MODULE_BYTES_MAX, SEGMENTS_MAX, TABLE_ELEMENTS_MAX, TABLES_MAX, TYPES_MAX,
};
use guard_policies::plugin::{Plugin, PluginSettings};

use crate::support::{FRAME, PASS, ask, check, framed, load, module, refused};

/// `count` times these parts, each with its number for `#`.
fn times(count: u32, part: &str) -> String {
    let one = |number: u32| part.replace('#', &number.to_string());
    (0..count).map(one).collect()
}

/// A module with `count` more of something loads, and one with another more does not.
fn is_the_limit(max: u32, already: u32, part: &str, complaint: &str) {
    let with = |count: u32| framed(&(times(count - already, part) + PASS));
    load(&with(max)).expect("as many as allowed");
    let refusal = refused(&with(max + 1));
    assert!(refusal.contains(complaint), "{refusal}");
    assert!(refusal.contains(&max.to_string()), "{refusal}");
}

#[test]
fn a_module_declares_no_more_than_allowed() {
    is_the_limit(GLOBALS_MAX, 0, "(global i32 (i32.const 1))", "globals");
    is_the_limit(FUNCTIONS_MAX, 3, "(func)", "functions");
    is_the_limit(EXPORTS_MAX, 4, r#"(func (export "f#"))"#, "exports");
    is_the_limit(SEGMENTS_MAX, 0, r#"(data "x")"#, "data segments");
    is_the_limit(SEGMENTS_MAX, 0, "(elem func)", "element segments");
    is_the_limit(TABLES_MAX, 0, "(table 1 funcref)", "tables");
    is_the_limit(MEMORIES_MAX, 1, "(memory 1)", "memories");
}

#[test]
fn a_module_declares_no_more_types_than_allowed() {
    let types = |count: u32| {
        let kinds = (0..count).map(|n| {
            let bit = |at: u32| if n >> at & 1 == 0 { "i32 " } else { "i64 " };
            format!(
                "(type (func (param f32 {})))",
                (0..12).map(bit).collect::<String>()
            )
        });
        framed(&(kinds.collect::<String>() + PASS))
    };
    load(&types(TYPES_MAX - 2)).expect("as many as allowed");
    assert!(refused(&types(TYPES_MAX - 1)).contains("too many function types"));
}

#[test]
fn imports_are_few_and_of_one_kind() {
    let log = r#"(import "guard" "log" (func (param i32 i32)))"#;
    let with = |imports: &str| module(&(imports.to_owned() + FRAME + PASS));
    load(&with(&times(IMPORTS_MAX, log))).expect("as many as allowed");
    assert!(refused(&with(&times(IMPORTS_MAX + 1, log))).contains("too many imports"));
    for foreign in [
        r#"(import "guard" "clock" (func (result i64)))"#,
        r#"(import "wasi_snapshot_preview1" "fd_write" (func))"#,
        r#"(import "env" "log" (func (param i32 i32)))"#,
        r#"(import "guard" "memory" (memory 1))"#,
        r#"(import "guard" "log2" (global i32))"#,
    ] {
        let refusal = refused(&with_own_memory(foreign));
        assert!(
            refusal.contains("gets nothing but `guard.log`"),
            "{refusal}"
        );
    }
    let wrong_kind = r#"(import "guard" "log" (func (param i64)))"#;
    refused(&with(wrong_kind));
    refused(&with(r#"(import "guard" "log" (global i32))"#));
}

/// An import of a memory leaves no room for a second one.
fn with_own_memory(import: &str) -> Vec<u8> {
    let memory = match import.contains("(memory") {
        true => r#"(export "memory" (memory 0))"#,
        false => r#"(memory (export "memory") 2)"#,
    };
    module(&format!(
        r#"{import} {memory}
        (func (export "guard_abi") (result i32) i32.const 1)
        (func (export "guard_buf") (result i32) i32.const 0) {PASS}"#
    ))
}

fn function(locals: u32) -> String {
    format!("(func (local{}))", " i64".repeat(locals as usize))
}

#[test]
fn a_function_has_no_more_local_variables_than_allowed() {
    let with = |locals: u32| framed(&(function(locals) + PASS));
    load(&with(FUNCTION_LOCALS_MAX)).expect("as many as allowed");
    assert!(refused(&with(FUNCTION_LOCALS_MAX + 1)).contains("local variables in one function"));
}

#[test]
fn local_variables_are_counted_over_all_functions() {
    const IN_ONE: u32 = 500;
    let full = times(LOCALS_MAX / IN_ONE, &function(IN_ONE));
    load(&framed(&(full.clone() + PASS))).expect("as many as allowed");
    let past = framed(&(full + &function(1) + PASS));
    assert!(refused(&past).contains("too many local variables"));
}

#[test]
fn a_module_is_no_larger_than_allowed() {
    let of_size = |size: usize| {
        let mut module = framed(PASS);
        let name = 8;
        let rest = size - module.len() - 1 - 5;
        module.push(0);
        let mut len = rest as u32;
        for _ in 0..4 {
            module.push((len & 0x7f) as u8 | 0x80);
            len >>= 7;
        }
        module.push(len as u8);
        module.push(name);
        module.extend(vec![b'x'; rest - 1]);
        module
    };
    assert_eq!(of_size(MODULE_BYTES_MAX).len(), MODULE_BYTES_MAX);
    load(&of_size(MODULE_BYTES_MAX)).expect("as large as allowed");
    let refusal = refused(&of_size(MODULE_BYTES_MAX + 1));
    assert!(
        refusal.contains("1048577 bytes; 1048576 are the limit"),
        "{refusal}"
    );
}

#[test]
fn memory_and_tables_are_no_larger_than_allowed() {
    let pages = |pages: usize| {
        module(&format!(
            r#"(memory (export "memory") {pages})
            (func (export "guard_abi") (result i32) i32.const 1)
            (func (export "guard_buf") (result i32) i32.const 0) {PASS}"#
        ))
    };
    let most = MEMORY_BYTES_DEFAULT / 65_536;
    load(&pages(most)).expect("as much as allowed");
    refused(&pages(most + 1));
    let table = |elements: usize| framed(&format!("(table {elements} funcref) {PASS}"));
    load(&table(TABLE_ELEMENTS_MAX)).expect("as many as allowed");
    refused(&table(TABLE_ELEMENTS_MAX + 1));
}

#[test]
fn settings_stay_within_their_limits() {
    let load = |fuel, memory_bytes| {
        let settings = PluginSettings {
            fuel,
            memory_bytes,
            ..PluginSettings::default()
        };
        Plugin::load(&framed(PASS), &settings).map(|_| ())
    };
    load(FUEL_MAX, MEMORY_BYTES_MAX).expect("as much as allowed");
    assert!(load(FUEL_MAX + 1, MEMORY_BYTES_MAX).is_err());
    assert!(load(0, MEMORY_BYTES_MAX).is_err());
    assert!(load(FUEL_MAX, MEMORY_BYTES_MAX + 1).is_err());
}

#[test]
fn the_buffer_lies_in_memory_as_a_whole() {
    let at = |address: i64| {
        module(&format!(
            r#"(memory (export "memory") 2)
            (func (export "guard_abi") (result i32) i32.const 1)
            (func (export "guard_buf") (result i32) i32.const {address}) {PASS}"#
        ))
    };
    let last = 2 * 65_536 - BUFFER_BYTES as i64;
    load(&at(last)).expect("the last place where it fits");
    for wrong in [
        last + 1,
        2 * 65_536,
        i64::from(i32::MAX),
        -1,
        i64::from(i32::MIN),
    ] {
        let refusal = refused(&at(wrong));
        assert!(refusal.contains("`guard_buf` gives"), "{refusal}");
    }
}

#[test]
fn what_is_missing_or_of_another_kind_is_named() {
    let abi = r#"(func (export "guard_abi") (result i32) i32.const 1)"#;
    let buffer = r#"(func (export "guard_buf") (result i32) i32.const 0)"#;
    let memory = r#"(memory (export "memory") 2)"#;
    for (parts, missing) in [
        ([abi, buffer, PASS], "memory"),
        ([memory, buffer, PASS], "guard_abi"),
        ([memory, abi, PASS], "guard_buf"),
        ([memory, abi, buffer], "guard_check"),
    ] {
        let refusal = refused(&module(&parts.concat()));
        assert!(refusal.contains(&format!("`{missing}")), "{refusal}");
    }
    let other = r#"(func (export "guard_check") (param i32) (result i32) i32.const 0)"#;
    assert!(refused(&framed(other)).contains("guard_check(i32) -> i64"));
    let configure = r#"(func (export "guard_configure"))"#;
    assert!(refused(&framed(&(configure.to_owned() + PASS))).contains("guard_configure"));
    let newer = memory.to_owned()
        + buffer
        + PASS
        + r#"(func (export "guard_abi") (result i32) i32.const 2)"#;
    assert!(refused(&module(&newer)).contains("version 2"));
}

#[test]
fn what_is_no_module_is_refused() {
    let whole = framed(&check("i64.const 0"));
    for cut in 0..whole.len() {
        refused(&whole[..cut]);
    }
    for bit in 0..8 * whole.len() {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(plugin) = load(&flipped) {
            let _ = ask(&plugin, b"param");
        }
    }
    let mut component = whole;
    component[4] = 0x0d;
    assert!(refused(&component).contains("no WebAssembly module of version 1"));
}
