//! `cargo xtask bench smc`: what an auction costs that nobody holds, and a comparison of key figures.
//!
//! A daemon with an embedded soft card for each member, QUIC between them, and the members' programs in this process:
//! sessions are measured, not starts of programs. What is computed are modules that are shipped; cards get them once.
//! The first session of each size is not counted.

mod arena;
mod member;
mod reader;
mod report;
mod tally;
mod task;

use serde::Serialize;
use system_tests::{Binaries, Deployment};

use super::cell::median;
use super::report::machine;
use crate::prepare;
use crate::shell::{self, Result, cargo, target};
use arena::{Arena, Session};
use tally::Part;
use task::Task;

/// How many members.
const SIZES: [usize; 3] = [3, 5, 9];
/// The same with `--large`.
const LARGE_SIZES: [usize; 5] = [3, 5, 9, 16, 32];

/// What one run found.
#[derive(Debug, Serialize)]
struct Findings {
    machine: String,
    sessions: usize,
    sizes: Vec<Summary>,
}

/// Medians over the sessions of one size.
#[derive(Clone, Copy, Debug, Serialize)]
struct Summary {
    task: Task,
    members: usize,
    /// Giving a card the function, which it keeps.
    load_ms: f64,
    /// Of a session.
    rounds: u32,
    /// From the first order until all links are up at all members.
    setup: Costs,
    /// From then to the last result.
    computing: Costs,
    /// Processor time of all daemons, their cards in it.
    daemons_cpu_ms: f64,
    /// Processor time of the members' programs.
    programs_cpu_ms: f64,
}

/// What a part of a session costs all members together.
#[derive(Clone, Copy, Debug, Serialize)]
struct Costs {
    elapsed_ms: f64,
    /// From host to host.
    messages: f64,
    /// Of those messages with their headers.
    bytes: f64,
    /// To all cards.
    commands: f64,
    /// What the cards take for them.
    cards_cpu_ms: f64,
    /// Beyond that: durable writes, and waiting for a processor.
    cards_io_ms: f64,
}

impl Summary {
    /// Until the last result, set-up counted.
    fn elapsed_ms(&self) -> f64 {
        self.setup.elapsed_ms + self.computing.elapsed_ms
    }

    fn megabytes(&self) -> f64 {
        (self.setup.bytes + self.computing.bytes) / 1e6
    }

    fn cards_cpu_ms(&self) -> f64 {
        self.setup.cards_cpu_ms + self.computing.cards_cpu_ms
    }
}

/// Builds what it measures, measures it and prints what it found.
pub(super) fn run(sessions: usize, large: bool, json: bool) -> Result {
    prepare::for_demo()?;
    let binaries = build(&["dispatchd", "etpctl"])?;
    let sizes: &[usize] = if large { &LARGE_SIZES } else { &SIZES };
    let sizes = sizes.iter().map(|n| measure_all(&binaries, *n, sessions));
    let sizes = sizes.collect::<Result<Vec<_>>>()?;
    let findings = Findings {
        machine: machine(),
        sessions,
        sizes: sizes.concat(),
    };
    match json {
        true => super::print_json(&findings)?,
        false => report::print(&findings),
    }
    Ok(())
}

/// The same for three members, of whom one has its card in a reader.
pub(super) fn run_with_reader(sessions: usize, json: bool) -> Result {
    prepare::for_tests()?;
    let binaries = build(&["dispatchd", "etpctl", "softcard", "etp-card-proxy"])?;
    reader::run(&binaries, sessions, json)
}

fn build(packages: &[&str]) -> Result<Binaries> {
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    shell::run(cargo().args(["build", "--release"]).args(packages))?;
    Ok(Binaries::in_directory(target().join("release")))
}

/// All that so many members do, on the same daemons.
fn measure_all(binaries: &Binaries, members: usize, sessions: usize) -> Result<Vec<Summary>> {
    let deployment = Deployment::create(binaries.clone()).map_err(words)?;
    let mut arena = Arena::assemble(&deployment, members, None)?;
    let tasks = Task::ALL.into_iter();
    let tasks = tasks.filter(|task| members >= task.members_min());
    tasks
        .map(|task| measure(&mut arena, task, members, sessions))
        .collect()
}

fn measure(arena: &mut Arena, task: Task, members: usize, sessions: usize) -> Result<Summary> {
    let loads = arena.load(task)?;
    let loads = loads.iter().map(|load| load.as_secs_f64() * 1e3);
    let load_ms = median(loads.collect());
    arena.session(task)?;
    let mut measured = Vec::new();
    for session in 1..=sessions {
        eprintln!("bench: {task:?}, {members} members, session {session} of {sessions}");
        measured.push(arena.session(task)?);
    }
    let of = |value: &dyn Fn(&Session) -> f64| median(measured.iter().map(value).collect());
    Ok(Summary {
        task,
        members,
        load_ms,
        rounds: measured.first().map_or(0, |session| session.rounds),
        setup: costs(&measured, |session| session.setup),
        computing: costs(&measured, |session| session.computing),
        daemons_cpu_ms: of(&|session| session.daemons_cpu_us / 1e3),
        programs_cpu_ms: of(&|session| session.programs_cpu_us / 1e3),
    })
}

fn costs(sessions: &[Session], part: impl Fn(&Session) -> Part) -> Costs {
    let of = |value: &dyn Fn(Part) -> f64| {
        let values = sessions.iter().map(|session| value(part(session)));
        median(values.collect())
    };
    Costs {
        elapsed_ms: of(&|part| part.elapsed_us / 1e3),
        messages: of(&|part| part.messages as f64),
        bytes: of(&|part| part.bytes as f64),
        commands: of(&|part| part.commands as f64),
        cards_cpu_ms: of(&|part| part.cards_cpu_us as f64 / 1e3),
        cards_io_ms: of(&|part| part.cards_io_us as f64 / 1e3),
    }
}

/// A failure in words.
fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
