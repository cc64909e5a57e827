//! `cargo xtask bench smc --reader`: the same auction with one card in a reader, behind a real `pcscd`.

use serde::Serialize;
use system_tests::reader::PcscService;
use system_tests::{Binaries, Deployment};

use super::arena::Arena;
use super::task::Task;
use super::{Summary, words};
use crate::bench::report::machine;
use crate::shell::Result;

const MEMBERS: usize = 3;

/// What one run found.
#[derive(Debug, Serialize)]
struct Findings {
    machine: String,
    sessions: usize,
    /// All cards are in their daemons.
    in_daemons: Summary,
    /// One is in a reader.
    in_reader: Summary,
}

/// Measures both, and prints what it found.
pub(super) fn run(binaries: &Binaries, sessions: usize, json: bool) -> Result {
    let findings = Findings {
        machine: machine(),
        sessions,
        in_daemons: measure(binaries, false, sessions)?,
        in_reader: measure(binaries, true, sessions)?,
    };
    match json {
        true => crate::bench::print_json(&findings)?,
        false => print(&findings),
    }
    Ok(())
}

fn measure(binaries: &Binaries, is_reader: bool, sessions: usize) -> Result<Summary> {
    let deployment = Deployment::create(binaries.clone()).map_err(words)?;
    let start = || PcscService::start(&deployment.path().join("pcscd"), 1);
    let service = is_reader.then(start).transpose().map_err(words)?;
    let slot = service.as_ref().map(|service| service.slot(0));
    let mut arena = Arena::assemble(&deployment, MEMBERS, slot.as_ref())?;
    super::measure(&mut arena, Task::Auction, MEMBERS, sessions)
}

fn print(findings: &Findings) {
    let Findings {
        machine,
        sessions,
        in_daemons,
        in_reader,
    } = findings;
    println!("{machine}; medians of {sessions} sessions of {MEMBERS} members.\n");
    println!("| cards | set-up | rounds | time of all | of each |");
    println!("|---|---|---|---|---|");
    println!("{}", row("all in their daemons", in_daemons));
    println!("{}", row("one in a reader", in_reader));
}

fn row(cards: &str, summary: &Summary) -> String {
    let (rounds, all) = (summary.rounds, summary.computing.elapsed_ms);
    let each = all / f64::from(rounds.max(1));
    let setup = summary.setup.elapsed_ms;
    format!("| {cards} | {setup:.1} ms | {rounds} | {all:.1} ms | {each:.1} ms |")
}
