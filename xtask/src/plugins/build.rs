//! One plugin, from its source to a module.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::list::{Language, Module};
use super::toolchain::{TARGET, Toolchain};
use crate::shell::{self, Result, root, target};

/// Where `guard.h` is.
const HEADERS: &str = "guard-policies/sdk/c";

/// A plugin of the repository.
pub(super) fn module(toolchain: &Toolchain, module: &Module, to: &Path) -> Result {
    let source = root().join(&module.source);
    match module.language {
        Language::Rust => {
            let staged = stage(&source, &module.name)?;
            let mut build = toolchain.cargo_build(&staged)?;
            rust(build.arg("--locked"), &module.name, to)
        }
        Language::C => c(toolchain, &source, &root().join(HEADERS), to),
    }
}

/// A plugin that has just been begun. It brings its header, and has no lock file yet.
pub(super) fn new(
    toolchain: &Toolchain,
    language: Language,
    name: &str,
    source: &Path,
    to: &Path,
) -> Result {
    match language {
        Language::Rust => rust(&mut toolchain.cargo_build(source)?, name, to),
        Language::C => c(toolchain, source, source, to),
    }
}

/// Copies a plugin with the kit inside it, as a new one has it: cargo names a crate by its place
/// below its own workspace, so that the module does not depend on where the repository is.
fn stage(source: &Path, name: &str) -> Result<PathBuf> {
    let staged = target().join("plugins/staged").join(name);
    let kit = staged.join("etp-guard");
    let sdk = root().join("guard-policies/sdk");
    copy_all(&source.join("src"), &staged.join("src"))?;
    copy_all(&sdk.join("src"), &kit.join("src"))?;
    copy(&source.join("Cargo.lock"), &staged.join("Cargo.lock"))?;
    let template = sdk.join("templates/rust/sdk.toml");
    let version = env!("CARGO_PKG_VERSION");
    copy_with(&template, &kit.join("Cargo.toml"), "{version}", version)?;
    let manifest = source.join("Cargo.toml");
    copy_with(
        &manifest,
        &staged.join("Cargo.toml"),
        "../../sdk",
        "etp-guard",
    )?;
    Ok(staged)
}

/// Copies a text with one piece of it replaced.
fn copy_with(from: &Path, to: &Path, piece: &str, by: &str) -> Result {
    let text = fs::read_to_string(from);
    let written = text.and_then(|text| fs::write(to, text.replace(piece, by)));
    written.map_err(|error| format!("{}: {error}", from.display()))
}

/// Copies the files of a directory that has no others below it.
fn copy_all(from: &Path, to: &Path) -> Result {
    let words = |error: std::io::Error| format!("{}: {error}", from.display());
    fs::create_dir_all(to).map_err(words)?;
    for entry in fs::read_dir(from).map_err(words)? {
        let entry = entry.map_err(words)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result {
    let copied = fs::copy(from, to);
    copied
        .map(drop)
        .map_err(|error| format!("{}: {error}", from.display()))
}

fn rust(build: &mut Command, name: &str, to: &Path) -> Result {
    let scratch = target().join("plugins/cargo");
    shell::run(build.env("CARGO_TARGET_DIR", &scratch))?;
    let name = name.replace('-', "_");
    let made = scratch.join(TARGET).join("release").join(name);
    let made = made.with_extension("wasm");
    let copied = fs::copy(&made, to);
    copied
        .map(drop)
        .map_err(|e| format!("{}: {e}", made.display()))
}

fn c(toolchain: &Toolchain, source: &Path, headers: &Path, to: &Path) -> Result {
    let object = to.with_extension("o");
    let mut compile = toolchain.clang();
    compile.args([
        "--target=wasm32",
        "-std=c11",
        "-Os",
        "-Wall",
        "-Wextra",
        "-Werror",
    ]);
    compile.args(["-ffreestanding", "-nostdlib", "-mbulk-memory", "-c"]);
    compile.arg("-I").arg(headers).arg(source.join("plugin.c"));
    shell::run(compile.arg("-o").arg(&object))?;
    let mut link = toolchain.linker()?;
    link.args(["--no-entry", "--strip-all", "-z", "stack-size=32768"]);
    shell::run(link.arg("-o").arg(to).arg(&object))
}
