//! `cargo xtask plugins`: builds the modules of this repository, plugins of Guard and functions of secure computations.
//!
//! They are kept in the repository, so that nobody needs compilers for WebAssembly to run them or their tests. That
//! they are what their sources say is shown by building them again: byte for byte with the compilers that their list
//! names, and by their tests with any other.

mod build;
mod fuel;
mod kit;
mod list;
mod toolchain;

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{self, Result, command, root, target};
use kit::{KITS, Kit};
use list::{Language, List, Module};
use toolchain::Toolchain;

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
        false => KITS.iter().try_for_each(keep),
    }
}

/// Builds every module and compares; says how.
pub(crate) fn check() -> Result<String> {
    let toolchain = Toolchain::find()?;
    let (mut identical, mut all) = (0, 0);
    for kit in &KITS {
        let list = List::read(kit)?;
        let built = build_all(kit, &list, &toolchain)?;
        identical += compare(&list, &built, &toolchain)?;
        all += list.module.len();
        (kit.check_figures)(&list)?;
        test(kit, &built)?;
        new_modules(kit, &toolchain)?;
    }
    Ok(format!(
        "{identical} of {all} modules identical, the tests of all pass"
    ))
}

/// How many are what is kept; all are, if the compilers are those that made them.
fn compare(list: &List, built: &Path, toolchain: &Toolchain) -> Result<usize> {
    let mut identical = 0;
    for module in &list.module {
        let bytes = read(&built.join(module.file_name()))?;
        let version = toolchain.version(module.language)?;
        if bytes == read(&module.kept())? {
            identical += 1;
        } else if list.compilers.of(module.language) == Some(version.as_str()) {
            return Err(format!(
                "{} is not what its source gives: run `cargo xtask plugins`",
                module.kept().display()
            ));
        }
    }
    Ok(identical)
}

/// Builds every module of a kit and puts it beside its source.
fn keep(kit: &Kit) -> Result {
    let mut list = List::read(kit)?;
    let toolchain = Toolchain::find()?;
    let built = build_all(kit, &list, &toolchain)?;
    for module in &mut list.module {
        let bytes = read(&built.join(module.file_name()))?;
        let kept = module.kept();
        fs::write(&kept, &bytes).map_err(|e| format!("{}: {e}", kept.display()))?;
        module.sha256 = sha256(&kept)?;
        println!("plugins: {}: {} bytes", module.name, bytes.len());
    }
    for language in [Language::Rust, Language::C] {
        if let Some(compiler) = list.compilers.of_mut(language) {
            *compiler = toolchain.version(language)?;
        }
    }
    let path = kit.list;
    fs::write(root().join(path), list.to_text(path)?).map_err(|e| format!("{path}: {e}"))?;
    (kit.keep_figures)(&list)
}

fn build_all(kit: &Kit, list: &List, toolchain: &Toolchain) -> Result<PathBuf> {
    let built = target().join("plugins");
    fs::create_dir_all(&built).map_err(|e| format!("{}: {e}", built.display()))?;
    for module in &list.module {
        println!("plugins: building {}", module.name);
        build::module(toolchain, kit, module, &built.join(module.file_name()))?;
    }
    Ok(built)
}

/// What `etpctl guard new` and `pals function new` write is built and loaded.
fn new_modules(kit: &Kit, toolchain: &Toolchain) -> Result {
    for (name, language) in kit.new {
        println!("plugins: building {name}");
        let source = target().join("plugins/new").join(name);
        let files = (kit.template)(*language, name)?;
        crate_template::write(&source, &files).map_err(|error| error.to_string())?;
        let to = target().join("plugins").join(name).with_extension("wasm");
        build::new(toolchain, kit, *language, name, &source, &to)?;
        (kit.load)(&read(&to)?).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}

/// The tests of a kit's modules, with those that were just built.
fn test(kit: &Kit, built: &Path) -> Result {
    let mut tests = command("cargo");
    tests.args(["nextest", "run", "--package"]).args(kit.tests);
    shell::run(tests.env(kit.variable, built))
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
