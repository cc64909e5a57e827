//! Fuzzing of every parser. The targets are those that the ordinary tests replay corpora through.

use std::process::Command;

use crate::shell::{self, Result, command, exists, root};

/// Options of `cargo xtask fuzz`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only this target; without it, every target in turn
    target: Option<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    match &arguments.target {
        Some(target) => prepare().and_then(|()| one(target, arguments.seconds)),
        None => all_targets(arguments.seconds),
    }
}

/// Runs every target for that long.
pub(crate) fn all_targets(seconds: u32) -> Result {
    prepare()?;
    targets()?
        .iter()
        .try_for_each(|target| one(target, seconds))
}

fn prepare() -> Result {
    if exists("cargo-fuzz", "--version") {
        return Ok(());
    }
    println!("prepare: installing cargo-fuzz from crates.io (once per machine)");
    shell::run(command("cargo").args(["install", "--locked", "cargo-fuzz"]))
}

/// A nightly cargo: sanitizers and coverage are not in the stable one.
fn nightly() -> Command {
    let mut cargo = command("cargo");
    cargo
        .arg("+nightly")
        .current_dir(root().join("xtask/fuzz"))
        .env_remove("CARGO");
    cargo
}

fn targets() -> Result<Vec<String>> {
    let output = nightly().args(["fuzz", "list", "--fuzz-dir", "."]).output();
    let output = output.map_err(|error| format!("cargo fuzz: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo fuzz list: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect())
}

fn one(target: &str, seconds: u32) -> Result {
    println!("fuzz: {target} for {seconds} s");
    let corpus = format!("../corpus/corpora/{target}");
    let limit = format!("-max_total_time={seconds}");
    let mut fuzz = nightly();
    fuzz.args([
        "fuzz",
        "run",
        "--fuzz-dir",
        ".",
        target,
        &corpus,
        "--",
        &limit,
        "-max_len=70000",
    ]);
    shell::run(&mut fuzz)
}
