//! `cargo xtask bench`: dispatchd beside a bare relay, in the same run.
//!
//! Contenders take turns within a round, and every ratio is taken within its round; what is printed is the
//! median over the rounds. Latency and CPU are measured with everything on one core, throughput on two.

mod cards;
mod cell;
mod contender;
mod exchange;
mod guard;
mod readers;
mod report;
mod smc;

pub(crate) use report::machine;

use crate::prepare;
use crate::shell::{self, Result, cargo, target};

/// Options of `cargo xtask bench`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measure this part alone
    #[arg(value_enum)]
    part: Option<Part>,
    /// How many rounds; figures are medians over them
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Print one JSON document instead of the tables
    #[arg(long)]
    json: bool,
    /// `smc`: with 16 and 32 members, too
    #[arg(long)]
    large: bool,
    /// `smc`: three members instead, of whom one has its card in a reader
    #[arg(long, conflicts_with = "large")]
    reader: bool,
}

/// What can be measured alone.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Part {
    /// What Guard costs a message, by kind of policy
    Guard,
    /// What a card in a reader costs beside one that a program talks to by itself
    Readers,
    /// What an auction among cards costs: set-up, rounds, packets and bytes
    Smc,
}

/// What one run found.
#[derive(serde::Serialize)]
pub(crate) struct Findings {
    machine: String,
    rounds: usize,
    cells: Vec<cell::Summary>,
    exchange: exchange::Summary,
    cards: Vec<cards::Summary>,
}

pub(crate) fn run(arguments: &Arguments) -> Result {
    match arguments.part {
        Some(Part::Guard) => guard::run(arguments.rounds, arguments.json),
        Some(Part::Readers) => readers::run(arguments.rounds, arguments.json),
        Some(Part::Smc) if arguments.reader => {
            smc::run_with_reader(arguments.rounds, arguments.json)
        }
        Some(Part::Smc) => smc::run(arguments.rounds, arguments.large, arguments.json),
        None => run_all(arguments),
    }
}

fn run_all(arguments: &Arguments) -> Result {
    prepare::for_demo()?;
    let packages = ["dispatchd", "bench-peer", "etpctl", "wallet"];
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    shell::run(cargo().args(["build", "--release"]).args(packages))?;
    let release = target().join("release");
    let arena = contender::Arena::open(&release)?;
    let cells = cell::all(&arena, arguments.rounds)?;
    let exchange = exchange::measure(&release, arguments.rounds)?;
    let cards = cards::measure(&release, arguments.rounds)?;
    let machine = report::machine();
    let findings = Findings {
        machine,
        rounds: arguments.rounds,
        cells,
        exchange,
        cards,
    };
    match arguments.json {
        true => print_json(&findings)?,
        false => report::print(&findings),
    }
    Ok(())
}

fn print_json(findings: &impl serde::Serialize) -> Result {
    let text = serde_json::to_string_pretty(findings).map_err(|error| error.to_string())?;
    println!("{text}");
    Ok(())
}
