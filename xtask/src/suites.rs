//! Every test, suite by suite, with the time each took.

use std::fs;
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

const NIGHTLY: &[Suite] = &[
    ("explorer", long_exploration),
    ("simulator", long_simulation),
    ("fuzzing", fuzzing),
];

pub(crate) fn run(arguments: &Arguments) -> Result {
    let nightly = if arguments.nightly { NIGHTLY } else { &[] };
    let mut times = Vec::new();
    for (name, suite) in ORDINARY.iter().chain(nightly) {
        println!("\n== {name}");
        let start = Instant::now();
        suite().map_err(|error| format!("{name}: {error}"))?;
        times.push((*name, start.elapsed()));
    }
    let report = report(&times);
    println!("\n{report}");
    match arguments.nightly {
        true => keep(&report),
        false => Ok(()),
    }
}

fn report(times: &[(&str, Duration)]) -> String {
    let total = ("all", times.iter().map(|(_, time)| *time).sum());
    let rows = times.iter().chain([&total]);
    let rows = rows.map(|(name, time)| format!("| {name:<16} | {:>8.1} |\n", time.as_secs_f64()));
    format!(
        "| suite            | time, s  |\n|---|---:|\n{}",
        rows.collect::<String>()
    )
}

/// Writes the dated result of a nightly run, to be committed.
fn keep(report: &str) -> Result {
    let said = |program: &str, arguments: &[&str]| {
        let output = command(program).args(arguments).output();
        let output = output.map_err(|error| format!("{program}: {error}"))?;
        Ok::<_, String>(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let (date, commit) = (
        said("date", &["+%F"])?,
        said("git", &["rev-parse", "--short", "HEAD"])?,
    );
    let name = format!("docs/results/{date}-nightly.md");
    let page = format!(
        "# Nightly run of {date}\n\n`cargo xtask test --nightly` on commit {commit}, {}. \
         Every suite passed.\n\n{report}",
        crate::bench::machine(),
    );
    let path = root().join(&name);
    fs::create_dir_all(root().join("docs/results")).map_err(|e| format!("{name}: {e}"))?;
    fs::write(path, page).map_err(|e| format!("{name}: {e}"))
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
    shell::run(command("cargo").args(["nextest", "run", "--workspace", "--no-fail-fast"]))
}

/// Every configuration, and every broken variant.
fn long_exploration() -> Result {
    shell::run(cargo().args(["run", "--quiet", "--package", "simulator", "--", "explore"]))
}

fn long_simulation() -> Result {
    let runs = [
        "--protocol",
        "voucher",
        "--runs",
        "20000",
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
