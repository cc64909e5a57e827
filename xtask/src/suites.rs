//! Every test, suite by suite, with the time each took.

use std::time::{Duration, Instant};

use crate::shell::{self, Result, cargo, command, root, target};
use crate::{codegen, demo, prepare, tidy};

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Also the long runs: more seeds, fuzzing, benchmarks
    #[arg(long)]
    nightly: bool,
}

type Suite = (&'static str, fn() -> Result);

/// The ordinary run, in order of what it costs to fail late.
const ORDINARY: &[Suite] = &[
    ("prepare", prepare::for_tests),
    ("format", format),
    ("tidy", tidy::run),
    ("registry", registry),
    ("lints", lints),
    ("no_std", no_std),
    ("default members", default_members),
    ("binaries", demo::build),
    ("documentation", documentation),
    ("demo", demo::check),
    ("tests", tests),
];

const NIGHTLY: &[Suite] = &[("simulator", long_simulation), ("fuzzing", fuzzing)];

pub(crate) fn run(arguments: &Arguments) -> Result {
    let nightly = if arguments.nightly { NIGHTLY } else { &[] };
    let mut times = Vec::new();
    for (name, suite) in ORDINARY.iter().chain(nightly) {
        println!("\n== {name}");
        let start = Instant::now();
        suite().map_err(|error| format!("{name}: {error}"))?;
        times.push((*name, start.elapsed()));
    }
    report(&times);
    Ok(())
}

fn report(times: &[(&str, Duration)]) {
    println!("\n{:<16} {:>10}", "suite", "time");
    for (name, time) in times {
        println!("{name:<16} {:>8.1} s", time.as_secs_f64());
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    println!("{:<16} {:>8.1} s", "all", total.as_secs_f64());
}

fn format() -> Result {
    shell::run(cargo().args(["fmt", "--all", "--check"]))
}

fn registry() -> Result {
    codegen::run(&codegen::Arguments { check: true })
}

fn lints() -> Result {
    shell::run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// Links the card's half into a static library without the standard library.
fn no_std() -> Result {
    let mut build = cargo();
    build
        .current_dir(root().join("xtask/no-std-proof"))
        .args(["build", "--locked"]);
    shell::run(build.env("CARGO_TARGET_DIR", target().join("no-std-proof")))
}

fn default_members() -> Result {
    shell::run(cargo().arg("build"))
}

fn documentation() -> Result {
    shell::run(
        cargo()
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-Dwarnings"),
    )?;
    shell::run(cargo().args(["test", "--doc", "--workspace", "--quiet"]))
}

fn tests() -> Result {
    shell::run(command("cargo").args([
        "nextest",
        "run",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
    ]))
}

fn long_simulation() -> Result {
    let runs = [
        "--protocol",
        "voucher",
        "--runs",
        "100000",
        "--adversary",
        "random",
    ];
    shell::run(
        cargo()
            .args(["run", "--quiet", "--package", "simulator", "--", "run"])
            .args(runs),
    )
}

fn fuzzing() -> Result {
    crate::fuzz::all_targets(60)
}
