//! Every test, suite by suite, with the time each took.

mod report;

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use system_tests::{Binaries, chaos, session_kills};

use crate::shell::{self, Result, cargo, command, root, target};
use crate::{codegen, demo, fuzz, plugins, prepare, tidy};

/// Options of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Also the long runs: many seeds of the simulator, and every fuzz target
    #[arg(long)]
    nightly: bool,
    /// Only this suite, of the nightly ones too; may be repeated
    #[arg(long, value_name = "SUITE")]
    only: Vec<String>,
    /// Keep the dated page of what `--only` names; a whole nightly run always keeps its own
    #[arg(long)]
    keep: bool,
    /// Runs of the nightly simulator
    #[arg(long, default_value_t = 20_000)]
    runs: u64,
    /// Exchanges at night in the middle of which daemons are killed
    #[arg(long, default_value_t = 10_000)]
    kill_runs: u64,
    /// Sessions at night in the middle of which hosts are killed, stand still or lose their links
    #[arg(long, default_value_t = 1_000)]
    session_runs: u64,
    /// How many seconds each fuzz target runs at night
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// First seed of what is random at night; another one each day if it is not given
    #[arg(long)]
    seed: Option<u64>,
}

/// Seeds of one day do not meet those of the next.
const SEEDS_PER_DAY: u64 = 1_000_000;

impl Arguments {
    fn seed(&self) -> u64 {
        let day = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH);
            now.map_or(0, |now| now.as_secs() / 86_400)
        };
        self.seed.unwrap_or_else(|| day() * SEEDS_PER_DAY)
    }

    fn wants(&self, suite: &Suite) -> bool {
        match self.only.as_slice() {
            [] => self.nightly || !suite.nightly,
            only => only.iter().any(|name| name == suite.name),
        }
    }

    fn check(&self) -> Result {
        let unknown = |name: &&String| SUITES.iter().all(|suite| suite.name != **name);
        match self.only.iter().find(unknown) {
            None => Ok(()),
            Some(name) => {
                let known: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
                Err(format!(
                    "no suite `{name}`; there are: {}",
                    known.join(", ")
                ))
            }
        }
    }
}

/// A part of the tests. It tells how much it tested, in words, where that can be counted.
struct Suite {
    name: &'static str,
    nightly: bool,
    run: fn(&Arguments) -> Result<String>,
}

/// What came of a suite.
struct Done {
    name: &'static str,
    extent: String,
    time: Duration,
}

const fn ordinary(name: &'static str, run: fn(&Arguments) -> Result<String>) -> Suite {
    let nightly = false;
    Suite { name, nightly, run }
}

const fn at_night(name: &'static str, run: fn(&Arguments) -> Result<String>) -> Suite {
    let nightly = true;
    Suite { name, nightly, run }
}

/// In order of what it costs to fail late.
const SUITES: &[Suite] = &[
    ordinary("prepare", |_| uncounted(prepare::for_tests())),
    ordinary("format", |_| uncounted(format())),
    ordinary("tidy", |_| uncounted(tidy::run())),
    ordinary("generated", |_| uncounted(generated())),
    ordinary("lints", |_| uncounted(lints())),
    ordinary("no-std", |_| uncounted(no_std())),
    ordinary("default-members", |_| uncounted(default_members())),
    ordinary("binaries", |_| uncounted(binaries())),
    ordinary("documentation", |_| uncounted(documentation())),
    ordinary("demo", |_| uncounted(demo::check())),
    ordinary("tests", |_| tests()),
    ordinary("experiments", |_| uncounted(experiments())),
    ordinary("plugins", |_| plugins::check()),
    at_night("explorer", |_| uncounted(long_exploration())),
    at_night("simulator", long_simulation),
    at_night("agreement", |_| uncounted(long_agreement())),
    at_night("sessions", long_sessions),
    at_night("kills", kills),
    at_night("reader-kills", reader_kills),
    at_night("session-kills", session_kills),
    at_night("fuzzing", fuzzing),
];

pub(crate) fn run(arguments: &Arguments) -> Result {
    arguments.check()?;
    let mut done = Vec::new();
    for suite in SUITES.iter().filter(|suite| arguments.wants(suite)) {
        println!("\n== {}", suite.name);
        let start = Instant::now();
        let extent = (suite.run)(arguments).map_err(|error| format!("{}: {error}", suite.name))?;
        let (name, time) = (suite.name, start.elapsed());
        println!("== {name}: {:.1} s", time.as_secs_f64());
        done.push(Done { name, extent, time });
    }
    println!("\n{}", report::table(&done));
    match arguments.only.as_slice() {
        [] if arguments.nightly => report::keep("nightly", &done, arguments.seed()),
        only if arguments.keep => report::keep(&only.join("-"), &done, arguments.seed()),
        _ => Ok(()),
    }
}

fn uncounted(result: Result) -> Result<String> {
    result.map(|()| String::new())
}

fn format() -> Result {
    shell::run(cargo().args(["fmt", "--all", "--check"]))
}

fn generated() -> Result {
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

/// What only a build for experiments has.
fn experiments() -> Result {
    let feature = ["--features", "experiment"];
    let clippy = [
        "clippy",
        "--package",
        "dispatchd",
        "--package",
        "guard-policies",
    ];
    let strict = ["--all-targets", "--", "--deny", "warnings"];
    shell::run(cargo().args(clippy).args(feature).args(strict))?;
    let tests = ["nextest", "run", "--package", "guard-policies", "adversary"];
    shell::run(cargo().args(tests).args(feature))
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

/// What a deployment has, and what is for readers.
const READER_PACKAGES: [&str; 4] = ["--package", "etp-card-proxy", "--package", "reader-user"];

fn binaries() -> Result {
    demo::build()?;
    shell::run(cargo().arg("build").args(READER_PACKAGES))
}

fn documentation() -> Result {
    shell::run(
        cargo()
            .args(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-Dwarnings"),
    )?;
    shell::run(cargo().args(["test", "--doc", "--workspace", "--quiet"]))
}

/// The last lines of the runner say how many there were.
fn tests() -> Result<String> {
    let mut run = command("cargo");
    run.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    let lines = shell::run_reading_stderr(&mut run)?;
    let summary = lines.iter().rev().find_map(|line| line.split_once("] "));
    let counts = summary.map(|(_, counts)| counts.trim().to_owned());
    Ok(counts.unwrap_or_default())
}

/// Every configuration, and every broken variant.
fn long_exploration() -> Result {
    let mut explorer = simulator();
    shell::run(explorer.arg("explore"))
}

fn long_simulation(arguments: &Arguments) -> Result<String> {
    let (runs, seed) = (arguments.runs.to_string(), arguments.seed());
    println!("simulator: {runs} runs from seed {seed}");
    let mut simulator = simulator();
    simulator.args(["run", "--protocol", "voucher", "--adversary", "random"]);
    simulator.args(["--runs", &runs, "--seed", &seed.to_string()]);
    shell::run(&mut simulator)?;
    Ok(format!("{runs} runs from seed {seed}"))
}

/// Every omission of two faulty ones of five, and random ones by the million.
fn long_agreement() -> Result {
    println!("agreement: built with --release");
    let tests = [
        "nextest",
        "run",
        "--release",
        "--package",
        "oncard-trustedpals",
    ];
    shell::run(command("cargo").args(tests).args(["--run-ignored", "only"]))
}

/// Sessions of the simulator at night: how many runs, and of what.
const SESSIONS: &[(&str, &str)] = &[
    ("1000000", "--protocol uic --n 7 --t 3 --adversary random"),
    ("1000000", "--protocol uic --n 7 --t 3 --adversary chain"),
    ("1000000", "--protocol uic --n 6 --t 2 --adversary one-way"),
    (
        "1000000",
        "--protocol exchange --n 2 --slots 50 --adversary rush",
    ),
    (
        "200000",
        "--protocol exchange --n 3 --slots 50 --adversary withhold",
    ),
    (
        "200000",
        "--protocol exchange --n 4 --slots 20 --adversary one-way",
    ),
    (
        "200000",
        "--protocol exchange --n 5 --t 2 --slots 10 --adversary random",
    ),
    ("50000", "--protocol smc --n 5 --t 2 --adversary random"),
    ("10000", "--protocol smc --n 5 --t 2 --adversary chain"),
];

fn long_sessions(arguments: &Arguments) -> Result<String> {
    let seed = arguments.seed().to_string();
    for (runs, what) in SESSIONS {
        let mut simulator = simulator();
        simulator.arg("run").args(what.split(' '));
        shell::run(simulator.args(["--runs", runs, "--seed", &seed]))?;
    }
    Ok(format!("{} kinds from seed {seed}", SESSIONS.len()))
}

/// Built with `--release`: what it does at night takes hours in the profile of the tests.
fn simulator() -> Command {
    println!("simulator: built with --release");
    let mut simulator = cargo();
    simulator.args([
        "run",
        "--release",
        "--quiet",
        "--package",
        "simulator",
        "--",
    ]);
    simulator
}

/// Deployments side by side in [`kills`]; each has three daemons, which mostly wait.
const ARENAS: u64 = 3;

/// `kill -9` at random points of exchanges, over real sockets and links.
fn kills(arguments: &Arguments) -> Result<String> {
    demo::build_release()?;
    let binaries = Binaries::in_directory(target().join("release"));
    let (runs, seed) = (arguments.kill_runs, arguments.seed());
    println!("kills: {runs} runs from seed {seed}, built with --release");
    let tally = chaos::campaign(&binaries, seed, runs, ARENAS).map_err(|e| e.to_string())?;
    println!("{tally:#?}");
    let killed = |of: [usize; 3]| of.iter().sum::<usize>();
    let (daemons, cards) = (killed(tally.kills.daemons), killed(tally.kills.cards));
    Ok(format!(
        "{runs} runs from seed {seed}, {daemons} kills of daemons and {cards} of card processes"
    ))
}

/// So many times fewer runs are with cards in readers, which take a second or two to see what happens to a card.
const READER_KILLS: u64 = 10;

/// The same with cards in readers, where there is more to kill.
fn reader_kills(arguments: &Arguments) -> Result<String> {
    demo::build_release()?;
    shell::run(cargo().args(["build", "--release"]).args(READER_PACKAGES))?;
    let binaries = Binaries::in_directory(target().join("release"));
    let (runs, seed) = (arguments.kill_runs / READER_KILLS, arguments.seed());
    println!("reader-kills: {runs} runs from seed {seed}, built with --release");
    let tally = chaos::campaign_in_readers(&binaries, seed, runs, ARENAS);
    let tally = tally.map_err(|e| e.to_string())?;
    println!("{tally:#?}");
    let kills = tally.kills.sum();
    Ok(format!("{runs} runs from seed {seed}, {kills} kills"))
}

/// Deployments of each size side by side in [`session_kills()`].
const SESSION_ARENAS: usize = 3;

/// Whatever hosts can do to sessions of secure computation. They mostly wait: the profile of the tests will do.
fn session_kills(arguments: &Arguments) -> Result<String> {
    demo::build()?;
    let binaries = Binaries::in_directory(target().join("debug"));
    let (runs, seed) = (arguments.session_runs, arguments.seed());
    println!("session-kills: {runs} sessions from seed {seed}");
    let tally = session_kills::campaign(&binaries, seed, runs, SESSION_ARENAS);
    let tally = tally.map_err(|e| e.to_string())?;
    println!("{tally:#?}");
    let (blows, repeated, undecided) = (tally.blows.sum(), tally.repeated, tally.undecided);
    Ok(format!(
        "{runs} sessions from seed {seed}, {blows} blows, {} sums; {repeated} repeated, {undecided} undecided",
        tally.sums
    ))
}

fn fuzzing(arguments: &Arguments) -> Result<String> {
    fuzz::all_targets(arguments.seconds, arguments.seed())
}
