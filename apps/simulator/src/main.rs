//! `simulator`: runs protocols against an adversary, by seed.

mod explorations;
mod report;
mod sessions;
mod vouchers;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use serde::Serialize;

/// Deterministic simulation of cards, hosts and an adversary between them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a protocol from seed after seed. Status 1 and the seed if a rule is broken, 2 if there is no such
    /// session.
    #[command(after_help = RUN_HELP)]
    Run(Box<Run>),
    /// Visits every state of the voucher exchange within bounds. Status 1 if a rule is broken.
    Explore(explorations::Explore),
}

const RUN_HELP: &str = "\
Examples:
  simulator run --protocol voucher --runs 1000
  simulator run --protocol uic --n 7 --t 3 --runs 1000000 --adversary chain
  simulator run --protocol exchange --n 2 --slots 50 --runs 100000 --adversary rush --plot rush.svg
  simulator run --protocol smc --n 3 --runs 1 --seed 7 --trace";

#[derive(clap::Args)]
struct Run {
    /// Which protocol.
    #[arg(long, value_enum)]
    protocol: Protocol,
    #[command(flatten)]
    numbers: sessions::Numbers,
    /// How many runs.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Seed of the first run; each further run has the next.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What is between the cards.
    #[arg(long, value_enum, default_value = "random")]
    adversary: Against,
    #[command(flatten)]
    outputs: sessions::Outputs,
    /// One JSON document instead of words.
    #[arg(long)]
    json: bool,
}

impl Run {
    /// The seeds of the runs.
    fn seeds(&self) -> impl Iterator<Item = u64> {
        let runs = usize::try_from(self.runs).unwrap_or(usize::MAX);
        (self.seed..=u64::MAX).take(runs)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    /// Issue, exchange and redeem of vouchers.
    Voucher,
    /// Uniform interactive consistency: agreement on a vector of inputs.
    Uic,
    /// Secure multiparty computation, with its links.
    Smc,
    /// Fair exchange in a secret slot.
    Exchange,
}

impl Protocol {
    fn name(self) -> &'static str {
        match self {
            Self::Voucher => "voucher",
            Self::Uic => "uic",
            Self::Smc => "smc",
            Self::Exchange => "exchange",
        }
    }
}

/// All adversaries; not each of them plays against each protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum Against {
    /// Nothing is lost.
    None,
    /// Whatever it may do, at random.
    Random,
    /// Loses little, and replays everything again and again. For vouchers.
    Replay,
    /// Corrupt hosts hand a value on among themselves, and tell it others at the last moment. For uic and smc.
    Chain,
    /// Messages are lost in one direction only. For uic, smc and exchange.
    OneWay,
    /// Corrupt hosts look at what their cards make of a round before they forward anything of it. For exchange.
    Rush,
    /// Corrupt hosts forward nothing from a round on. For exchange.
    Withhold,
}

impl Against {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Random => "random",
            Self::Replay => "replay",
            Self::Chain => "chain",
            Self::OneWay => "one-way",
            Self::Rush => "rush",
            Self::Withhold => "withhold",
        }
    }
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run(run) => carry_out(&run),
        Command::Explore(explore) => explorations::run(&explore),
    }
}

fn carry_out(run: &Run) -> ExitCode {
    let done = match run.protocol {
        Protocol::Voucher => vouchers::run(run),
        Protocol::Uic | Protocol::Smc | Protocol::Exchange => sessions::run(run),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(words) => {
            eprintln!("simulator: {words}");
            ExitCode::from(2)
        }
    }
}
