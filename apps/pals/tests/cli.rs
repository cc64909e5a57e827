//! The program as its users call it.
#![allow(clippy::unwrap_used, reason = "the helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// Exit code, and what is on standard output and standard error.
fn pals(directory: &Path, words: &[&str]) -> (i32, String, String) {
    let mut pals = Command::new(env!("CARGO_BIN_EXE_pals"));
    let output = pals.current_dir(directory).args(words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

fn shipped(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("functions").join(name).join(name);
    path.with_extension("wasm").to_str().unwrap().to_owned()
}

/// A module with this body, in a directory.
fn module(code: &str) -> (TempDir, PathBuf) {
    let text = format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "function_buffer") (param i32) (result i32) (i32.const 1024))
            (func (export "function_run") (param i32) (result i64) {code}))"#
    );
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("module.wasm");
    std::fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
    (directory, path)
}

/// Runs a module with this body for two members.
fn run(code: &str, further: &[&str]) -> (i32, String, String) {
    let (directory, _) = module(code);
    let words = [
        "function",
        "run",
        "module.wasm",
        "--input",
        "u8:1",
        "--input",
        "absent",
    ];
    pals(directory.path(), &[&words[..], further].concat())
}

/// Gives its input back: the bytes at 1024, as many as it was told.
const ECHO: &str = "(i64.or (i64.const 0x40000000000) (i64.extend_i32_u (local.get 0)))";

#[test]
fn a_new_function_has_all_that_it_needs() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let (code, said, _) = pals(here, &["function", "new", "two-thirds"]);
    assert_eq!(code, 0, "{said}");
    let read = |path: &str| std::fs::read_to_string(here.join("two-thirds").join(path)).unwrap();
    assert!(read("Cargo.toml").contains("name = \"two-thirds\""));
    assert!(read("README.md").contains("two_thirds.wasm"));
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk/src");
    for source in std::fs::read_dir(sdk).unwrap() {
        let source = source.unwrap();
        let name = source.file_name().into_string().unwrap();
        let copy = read(&format!("etp-function/src/{name}"));
        assert_eq!(
            copy,
            std::fs::read_to_string(source.path()).unwrap(),
            "{name}"
        );
    }
    let (code, _, error) = pals(here, &["function", "new", "two-thirds"]);
    assert_eq!(code, 2, "it is there already");
    assert!(error.contains("two-thirds"), "{error}");
}

#[test]
fn a_name_that_no_crate_can_have_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let long = "x".repeat(65);
    for name in ["", "Bad", "1st", "../up", "core", "etp-function", &long] {
        let (code, _, error) = pals(directory.path(), &["function", "new", "--", name]);
        assert_eq!(code, 2, "{name}: {error}");
    }
    let (code, _, _) = pals(directory.path(), &["function", "new", &long[1..]]);
    assert_eq!(code, 0);
}

#[test]
fn check_and_hash_say_what_cards_know_a_module_by() {
    let (directory, path) = module(ECHO);
    let bytes = std::fs::read(path).unwrap();
    let hash = libetp::text::hex(&libetp::digest::sha256(&bytes));
    let (code, said, _) = pals(directory.path(), &["function", "check", "module.wasm"]);
    assert_eq!(code, 0);
    assert!(said.contains(&hash) && said.contains("wasmi"), "{said}");
    let (_, said, _) = pals(directory.path(), &["function", "hash", "module.wasm"]);
    assert_eq!(said.trim(), hash);
    let (_, said, _) = pals(
        directory.path(),
        &["function", "check", "module.wasm", "--json"],
    );
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (&document["sha256"], &document["bytes"]),
        (&hash.into(), &bytes.len().into())
    );
}

#[test]
fn what_cards_refuse_is_refused_with_advice() {
    let (directory, _) = module("(i64.trunc_f64_u (f64.const 1))");
    let (code, _, error) = pals(directory.path(), &["function", "check", "module.wasm"]);
    assert_eq!(code, 2);
    assert!(error.contains("whole numbers only"), "{error}");
    std::fs::write(directory.path().join("module.wasm"), "no module").unwrap();
    for command in ["check", "hash"] {
        let (code, _, error) = pals(directory.path(), &["function", command, "module.wasm"]);
        assert_eq!(code, 2);
        assert!(error.contains("no module of WebAssembly"), "{error}");
    }
    let (code, _, error) = pals(directory.path(), &["function", "check", "nowhere.wasm"]);
    assert_eq!((code, error.contains("nowhere.wasm")), (2, true));
}

#[test]
fn a_function_is_told_what_the_command_line_says() {
    let (directory, _) = module(ECHO);
    std::fs::write(directory.path().join("value"), [5, 6]).unwrap();
    let id = "07".repeat(32);
    let words = [
        "function",
        "run",
        "module.wasm",
        "--json",
        "--me",
        "1",
        "--session",
        &format!("hex:{id}"),
        "--parameters",
        "u8:1,u16:2,3",
        "--input",
        "@value",
        "--input",
        "absent",
        "--input",
        "i8:-1",
        "--input",
        "text:a,zeros:1",
        "--input",
        "hex:fF",
    ];
    let (code, said, error) = pals(directory.path(), &words);
    assert_eq!(code, 0, "{error}");
    let document: Value = serde_json::from_str(&said).unwrap();
    let members = document["members"].as_array().unwrap();
    assert_eq!((members.len(), &members[0]["member"]), (1, &1.into()));
    let head = format!("00050001{id}00050100020003{:08x}", 2);
    let given = format!("{head}0105060000 0001ff00 016100 01ff00").replace(' ', "");
    assert_eq!(members[0]["result"], given);
    assert!(members[0]["fuel"].as_u64().unwrap() > 0);
}

#[test]
fn inputs_that_are_none_are_told_from_those_that_are() {
    let (directory, _) = module(ECHO);
    for input in [
        "5",
        "u8:256",
        "u8:",
        "u8:1,",
        "hex:0",
        "hex:0g",
        "f64:1",
        "zeros:65491",
        "@nowhere",
        "",
    ] {
        let words = ["function", "run", "module.wasm", "--input", input];
        let (code, _, error) = pals(directory.path(), &words);
        assert_eq!(code, 2, "{input}: {error}");
    }
    for option in [
        ["--session", "zeros:31"],
        ["--session", "absent"],
        ["--parameters", "absent"],
    ] {
        assert_eq!(run(ECHO, &option).0, 2, "{option:?}");
    }
    assert_eq!(run(ECHO, &["--me", "2"]).0, 2, "there are two");
    assert_eq!(run(ECHO, &["--fuel", "0"]).0, 2);
    assert_eq!(run(ECHO, &["--memory", "67108865"]).0, 2);
}

#[test]
fn without_a_result_it_is_told_why() {
    let (code, _, error) = run("(loop (br 0)) (i64.const 0)", &["--fuel", "5000"]);
    assert_eq!(code, 1);
    assert!(error.contains("the fuel, 5000, is not enough"), "{error}");
    let (code, said, _) = run("(unreachable)", &["--json"]);
    assert_eq!(code, 1);
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["error"]["kind"], "other");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("trapped"), "{message}");
}

#[test]
fn shipped_functions_run_as_the_help_says() {
    let here = Path::new(".");
    let (_, help, _) = pals(here, &["function", "run", "--help"]);
    let examples: Vec<&str> = help
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pals "))
        .collect();
    assert_eq!(examples.len(), 2, "{help}");
    let mut results = Vec::new();
    for example in examples {
        let words = example
            .split_whitespace()
            .map(|word| match word.strip_suffix(".wasm") {
                Some(name) => shipped(name),
                None => word.to_owned(),
            });
        let words: Vec<String> = words.collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (code, said, error) = pals(here, &words);
        assert_eq!(code, 0, "{error}");
        results.push(said);
    }
    assert!(
        results[0].starts_with("member 0: 00020000000000000003, fuel "),
        "{}",
        results[0]
    );
    assert!(
        results[1].contains("member 1: 0300010000000000000064, fuel "),
        "{}",
        results[1]
    );
}
