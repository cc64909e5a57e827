//! `cargo xtask plugins`: builds the Guard plugins of this repository.
//!
//! Their modules are kept in the repository, so that nobody needs compilers for WebAssembly to run
//! Guard or its tests. That they are what their sources say is shown by building them again: byte
//! for byte with the compilers that [`LIST`] names, and by their tests with any other.

mod build;
mod list;
mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use guard_policies::plugin::{Plugin, PluginSettings, template};

use crate::shell::{self, Result, command, root, target};
use list::{LIST, Language, List, Module};
use toolchain::Toolchain;

/// Where the tests look for modules instead of those that are kept.
const BUILT: &str = "GUARD_PLUGINS";

/// Options of `cargo xtask plugins`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only compare with what is checked in
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    match arguments.check {
        true => check().map(|extent| println!("plugins: {extent}")),
        false => keep(),
    }
}

/// Builds every module and compares; says how.
pub(crate) fn check() -> Result<String> {
    let list = List::read()?;
    let toolchain = Toolchain::find()?;
    let built = build_all(&list, &toolchain)?;
    let mut identical = 0;
    for module in &list.module {
        let bytes = read(&built.join(module.file_name()))?;
        if bytes == read(&module.kept())? {
            identical += 1;
        } else if list.compilers.of(module.language) == toolchain.version(module.language)? {
            return Err(format!(
                "{} is not what its source gives: run `cargo xtask plugins`",
                module.kept().display()
            ));
        }
    }
    test(&built)?;
    new_plugins(&toolchain)?;
    let all = list.module.len();
    Ok(format!(
        "{identical} of {all} modules identical, the tests of all pass"
    ))
}

/// Builds every module and puts it beside its source.
fn keep() -> Result {
    let mut list = List::read()?;
    let toolchain = Toolchain::find()?;
    let built = build_all(&list, &toolchain)?;
    for module in &mut list.module {
        let bytes = read(&built.join(module.file_name()))?;
        let kept = module.kept();
        fs::write(&kept, &bytes).map_err(|e| format!("{}: {e}", kept.display()))?;
        module.sha256 = sha256(&kept)?;
        println!("plugins: {}: {} bytes", module.name, bytes.len());
    }
    list.compilers.rust = toolchain.version(Language::Rust)?;
    list.compilers.c = toolchain.version(Language::C)?;
    fs::write(root().join(LIST), list.to_text()?).map_err(|e| format!("{LIST}: {e}"))
}

fn build_all(list: &List, toolchain: &Toolchain) -> Result<PathBuf> {
    let built = target().join("plugins");
    fs::create_dir_all(&built).map_err(|e| format!("{}: {e}", built.display()))?;
    for module in &list.module {
        println!("plugins: building {}", module.name);
        build::module(toolchain, module, &built.join(module.file_name()))?;
    }
    Ok(built)
}

/// What `etpctl guard new` writes is built and loaded.
fn new_plugins(toolchain: &Toolchain) -> Result {
    for (name, language) in [("new-in-rust", Language::Rust), ("new-in-c", Language::C)] {
        println!("plugins: building {name}");
        let source = target().join("plugins/new").join(name);
        for (path, text) in template::template(language.of_template(), name)? {
            let path = source.join(path);
            let parent = path.parent().unwrap_or(&source);
            fs::create_dir_all(parent).map_err(|e| format!("{}: {e}", parent.display()))?;
            fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        }
        let to = target().join("plugins").join(name).with_extension("wasm");
        build::new(toolchain, language, name, &source, &to)?;
        let plugin = Plugin::load(&read(&to)?, &PluginSettings::default());
        plugin.map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// The tests of the plugins, with the modules that were just built.
fn test(built: &Path) -> Result {
    let mut tests = command("cargo");
    tests.args(["nextest", "run", "--package", "guard-policies"]);
    tests.args(["--test", "plugin", "shipped::"]);
    shell::run(tests.env(BUILT, built))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn sha256(path: &Path) -> Result<String> {
    let line = shell::output(command("sha256sum").arg(path))?;
    let digits = line.split_whitespace().next();
    Ok(digits.unwrap_or_default().to_owned())
}

impl Module {
    fn file_name(&self) -> String {
        format!("{}.wasm", self.name)
    }

    fn kept(&self) -> PathBuf {
        root().join(&self.source).join(self.file_name())
    }
}
