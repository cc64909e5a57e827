//! What is a function, and what is not.

use oncard_function::limits::MODULE_BYTES_MAX;
use oncard_function::{LoadError, Module};

use crate::modules::{ECHO, text};

fn refusal(text: &str) -> LoadError {
    Module::load(&wat::parse_str(text).unwrap()).expect_err("refused")
}

#[test]
fn a_module_is_known_by_its_hash() {
    let bytes = wat::parse_str(text(1, ECHO)).unwrap();
    let module = Module::load(&bytes).unwrap();
    assert_eq!(module.hash(), libetp::digest::sha256(&bytes));
}

#[test]
fn nothing_is_imported() {
    let text = text(1, ECHO).replace(
        "(module",
        r#"(module (import "env" "clock" (func (result i64)))"#,
    );
    assert_eq!(refusal(&text), LoadError::Import("env.clock".into()));
}

#[test]
fn there_is_no_floating_point() {
    for code in [
        "(i64.trunc_f64_u (f64.const 1))",
        "(local f32) (i64.const 0)",
    ] {
        let error = refusal(&text(1, code));
        assert!(matches!(error, LoadError::Malformed(_)), "{code}: {error}");
    }
}

#[test]
fn what_a_function_has_is_there_and_of_its_type() {
    let whole = text(1, ECHO);
    for (name, words) in [
        ("memory", "memory `memory`"),
        ("function_buffer", "function `function_buffer(i32) -> i32`"),
        ("function_run", "function `function_run(i32) -> i64`"),
    ] {
        let without = whole.replace(&format!("(export \"{name}\")"), "");
        assert_eq!(refusal(&without), LoadError::Export(words));
    }
    let other = whole.replace(
        "(param i32) (result i32) (i32.const 1024)",
        "(result i32) (i32.const 1024)",
    );
    assert!(matches!(refusal(&other), LoadError::Export(_)));
}

#[test]
fn nothing_runs_before_it_is_asked_to() {
    let text = text(1, ECHO).replace("(module", "(module (func $go) (start $go)");
    assert!(matches!(refusal(&text), LoadError::Malformed(_)));
}

#[test]
fn a_module_has_its_longest() {
    let bytes = wat::parse_str(text(1, ECHO)).unwrap();
    let padded = |len: usize| {
        // A custom section, whose bytes say nothing.
        let body = len - bytes.len() - 1 - 5;
        let mut padded = bytes.clone();
        padded.push(0);
        let digits = [0, 7, 14, 21].map(|shift| (body >> shift) as u8 & 0x7f | 0x80);
        padded.extend(digits);
        padded.push((body >> 28) as u8);
        padded.push(1);
        padded.resize(len, b'x');
        padded
    };
    assert!(Module::load(&padded(MODULE_BYTES_MAX)).is_ok());
    let long = Module::load(&padded(MODULE_BYTES_MAX + 1)).expect_err("too long");
    assert_eq!(long, LoadError::Long(MODULE_BYTES_MAX + 1));
}

#[test]
fn rubbish_is_no_module() {
    for bytes in [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\xff", &[0x55; 1_000]] {
        assert!(Module::load(bytes).is_err(), "{bytes:02x?}");
    }
}
