//! One plugin, from its source to a module.

use std::fs;
use std::path::Path;
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
        Language::Rust => rust(
            toolchain.cargo_build(&source)?.arg("--locked"),
            &module.name,
            to,
        ),
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
