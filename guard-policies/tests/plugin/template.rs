//! New plugins: `cargo xtask plugins` builds them for WebAssembly too.

use std::fs;
use std::path::Path;
use std::process::Command;

use guard_policies::plugin::template::{Language, NAME_BYTES_MAX, template};

fn write(directory: &Path, language: Language, name: &str) {
    let files = template(language, name).expect("a template");
    crate_template::write(directory, &files).expect("writable");
}

#[test]
fn a_new_plugin_in_rust_passes_its_test_with_nothing_else_there() {
    let home = tempfile::tempdir().expect("a directory");
    write(home.path(), Language::Rust, "my-first-plugin");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(home.path()).args(["test", "--offline"]);
    cargo.env("CARGO_TARGET_DIR", home.path().join("target"));
    cargo.env_remove("RUSTFLAGS");
    let output = cargo.output().expect("cargo");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    assert!(text.contains("1 passed"), "{text}");
    assert!(!errors.contains("warning"), "{errors}");
}

#[test]
fn every_source_file_of_the_kit_comes_with_a_new_plugin() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("sdk/src");
    let files = template(Language::Rust, "mine").expect("a template");
    for entry in fs::read_dir(sources).expect("sources") {
        let name = entry.expect("a file").file_name();
        let path = format!("etp-guard/src/{}", name.to_string_lossy());
        assert!(files.iter().any(|(file, _)| *file == path), "{path}");
    }
}

#[test]
fn no_placeholder_stays() {
    for language in [Language::Rust, Language::C] {
        for (path, text) in template(language, "mine").expect("a template") {
            for placeholder in ["{name}", "{crate}", "{version}", "{sdk}"] {
                assert!(!text.contains(placeholder), "{path}: {placeholder}");
            }
        }
    }
}

#[test]
fn names_are_plain() {
    let longest = "a".repeat(NAME_BYTES_MAX);
    for name in ["a", "one-per-minute", "p2p", &longest] {
        template(Language::C, name).expect(name);
    }
    let longer = "a".repeat(NAME_BYTES_MAX + 1);
    for name in [
        "",
        "1st",
        "-a",
        "A",
        "a/b",
        "../a",
        "a b",
        "a\n",
        "core",
        "etp-guard",
        &longer,
    ] {
        template(Language::Rust, name).expect_err(name);
    }
}
