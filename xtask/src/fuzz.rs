//! Fuzzing of every parser. The targets are those that the ordinary tests replay corpora through.

use std::fs;
use std::process::Command;

use crate::shell::{self, Result, command, exists, exists_with, root, target};

/// Longest time in seconds that one input may take.
const INPUT_SECONDS_MAX: u32 = 10;
/// Most memory in MiB of a target with the sanitizer's own. A card's try of a PIN may take 256.
const MEMORY_MIB_MAX: u32 = 1_536;

/// Options of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only this target; without it, every target in turn
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Seed of the fuzzer; 0 for another each time
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    let fuzzer = Fuzzer::prepare()?;
    match &arguments.target {
        Some(target) => fuzzer.run(target, arguments.seconds, arguments.seed),
        None => fuzzer.run_all(arguments.seconds, arguments.seed),
    }
}

/// Runs every target for that long; gives what was run, for people.
pub(crate) fn all_targets(seconds: u32, seed: u64) -> Result<String> {
    let fuzzer = Fuzzer::prepare()?;
    let targets = fuzzer.targets()?.len();
    fuzzer.run_all(seconds, seed)?;
    Ok(format!("{targets} targets, {seconds} s each, seed {seed}"))
}

/// cargo-fuzz, with a compiler that has sanitizers and coverage.
struct Fuzzer {
    toolchain: Toolchain,
}

#[derive(Clone, Copy)]
enum Toolchain {
    Nightly,
    /// The stable one with its unstable features let loose, where no nightly can be had.
    Loosened,
}

impl Fuzzer {
    fn prepare() -> Result<Self> {
        if !exists("cargo-fuzz", "--version") {
            println!("prepare: installing cargo-fuzz from crates.io (once per machine)");
            shell::run(command("cargo").args(["install", "--locked", "cargo-fuzz"]))?;
        }
        Ok(Self {
            toolchain: toolchain(),
        })
    }

    /// A cargo in the directory of the fuzz targets. It keeps its own target directory: its
    /// compiler and flags are others.
    fn cargo(&self) -> Command {
        let mut cargo = command("cargo");
        match self.toolchain {
            Toolchain::Nightly => cargo.arg("+nightly"),
            Toolchain::Loosened => cargo.env("RUSTC_BOOTSTRAP", "1"),
        };
        cargo
            .current_dir(root().join("xtask/fuzz"))
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN")
            .env("CARGO_TARGET_DIR", target().join("fuzz"));
        cargo
    }

    fn targets(&self) -> Result<Vec<String>> {
        let mut list = self.cargo();
        let listed = shell::output(list.args(["fuzz", "list", "--fuzz-dir", "."]))?;
        Ok(listed.lines().map(str::to_owned).collect())
    }

    fn run_all(&self, seconds: u32, seed: u64) -> Result {
        let targets = self.targets()?;
        targets
            .iter()
            .try_for_each(|target| self.run(target, seconds, seed))
    }

    /// The kept corpus is read; what is found goes to the target directory and is kept only by
    /// whoever copies it.
    fn run(&self, name: &str, seconds: u32, seed: u64) -> Result {
        println!("fuzz: {name} for {seconds} s");
        let found = target().join("fuzz-corpus").join(name);
        fs::create_dir_all(&found).map_err(|e| format!("{}: {e}", found.display()))?;
        let mut fuzz = self.cargo();
        fuzz.args(["fuzz", "run", "--fuzz-dir", ".", name])
            .arg(found)
            .arg(format!("../corpus/corpora/{name}"))
            .args([
                "--",
                "-max_len=70000",
                "-print_final_stats=1",
                "-verbosity=0",
            ])
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-seed={}", seed % u64::from(u32::MAX)))
            .arg(format!("-timeout={INPUT_SECONDS_MAX}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"));
        shell::run(&mut fuzz)
    }
}

/// Finds a nightly toolchain, or fetches one, saying so.
fn toolchain() -> Toolchain {
    let nightly = || exists_with("cargo", &["+nightly", "--version"]);
    if nightly() {
        return Toolchain::Nightly;
    }
    println!("prepare: installing a nightly toolchain (rustup toolchain install nightly)");
    let mut install = command("rustup");
    install.args(["toolchain", "install", "nightly", "--profile", "minimal"]);
    match shell::run(&mut install) {
        Ok(()) if nightly() => Toolchain::Nightly,
        _ => {
            println!("prepare: no nightly; the stable compiler is used with RUSTC_BOOTSTRAP=1");
            Toolchain::Loosened
        }
    }
}
