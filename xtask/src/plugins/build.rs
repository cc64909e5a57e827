//! One module, from its source.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::kit::Kit;
use super::list::{Language, Module};
use super::toolchain::{TARGET, Toolchain};
use crate::shell::{self, Result, command, root, target};

/// Where `guard.h` is.
const HEADERS: &str = "guard-policies/sdk/c";

/// What a crate of the workspace says instead of [`ALONE`].
const TOGETHER: &str = "[lints]\nworkspace = true\n";
/// Where the end of a template's manifest begins: how a crate is built, and that it is in no workspace.
const ALONE: &str = "[profile.release]";

/// A module of the repository.
pub(super) fn module(toolchain: &Toolchain, kit: &Kit, module: &Module, to: &Path) -> Result {
    let source = root().join(&module.source);
    match module.language {
        Language::Rust => {
            let staged = stage(kit, &source, &module.name)?;
            let mut build = toolchain.cargo_build(kit, &staged)?;
            rust(build.arg("--locked"), &module.name, to)
        }
        Language::C => c(toolchain, &source, &root().join(HEADERS), to),
    }
}

/// A module that has just been begun. It brings its header, and has no lock file yet.
pub(super) fn new(
    toolchain: &Toolchain,
    kit: &Kit,
    language: Language,
    name: &str,
    source: &Path,
    to: &Path,
) -> Result {
    match language {
        Language::Rust => rust(&mut toolchain.cargo_build(kit, source)?, name, to),
        Language::C => c(toolchain, source, source, to),
    }
}

/// Copies a module's source with the kit inside it, as a new one has it: cargo names a crate by its place
/// below its own workspace, so that the module does not depend on where the repository is.
fn stage(kit: &Kit, source: &Path, name: &str) -> Result<PathBuf> {
    let staged = target().join("plugins/staged").join(name);
    let (inside, sdk) = (staged.join(kit.package), root().join(kit.sdk));
    copy_all(&source.join("src"), &staged.join("src"))?;
    copy_all(&sdk.join("src"), &inside.join("src"))?;
    let template = sdk.join("templates/rust");
    let version = [("{version}", env!("CARGO_PKG_VERSION"))];
    copy_with(
        &template.join("sdk.toml"),
        &inside.join("Cargo.toml"),
        &version,
    )?;
    let manifest = template.join("manifest.toml");
    let manifest = fs::read_to_string(&manifest).map_err(words(&manifest))?;
    let alone = manifest.find(ALONE).map_or("", |at| &manifest[at..]);
    let here = [("../../sdk", kit.package), (TOGETHER, alone)];
    copy_with(
        &source.join("Cargo.toml"),
        &staged.join("Cargo.toml"),
        &here,
    )?;
    let lock = source.join("Cargo.lock");
    if !lock.exists() {
        println!("plugins: {name} has no Cargo.lock yet");
        shell::run(
            command("cargo")
                .current_dir(&staged)
                .arg("generate-lockfile"),
        )?;
        copy(&staged.join("Cargo.lock"), &lock)?;
    }
    copy(&lock, &staged.join("Cargo.lock"))?;
    Ok(staged)
}

/// Copies a text with pieces of it replaced.
fn copy_with(from: &Path, to: &Path, pieces: &[(&str, &str)]) -> Result {
    let mut text = fs::read_to_string(from).map_err(words(from))?;
    for (piece, by) in pieces {
        text = text.replace(piece, by);
    }
    fs::write(to, text).map_err(words(to))
}

/// Copies the files of a directory that has no others below it.
fn copy_all(from: &Path, to: &Path) -> Result {
    fs::create_dir_all(to).map_err(words(to))?;
    for entry in fs::read_dir(from).map_err(words(from))? {
        let entry = entry.map_err(words(from))?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result {
    fs::copy(from, to).map(drop).map_err(words(from))
}

fn words(path: &Path) -> impl FnOnce(std::io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

fn rust(build: &mut Command, name: &str, to: &Path) -> Result {
    let scratch = target().join("plugins/cargo");
    shell::run(build.env("CARGO_TARGET_DIR", &scratch))?;
    let name = name.replace('-', "_");
    let made = scratch.join(TARGET).join("release").join(name);
    let made = made.with_extension("wasm");
    copy(&made, to)
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
