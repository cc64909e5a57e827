//! `simulator`: runs protocols against an adversary, by seed.

mod explorations;

use std::io::{IsTerminal, Write, stderr};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use serde::Serialize;
use simulator::outcome::{Adversary, Facts, Failure};
use simulator::setting::Setting;

/// Deterministic simulation of cards, wallets and an adversary between them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a protocol from seed after seed. Status 1 and the seed if a rule is broken.
    Run(Run),
    /// Visits every state of the voucher exchange within bounds. Status 1 if a rule is broken.
    Explore(explorations::Explore),
}

#[derive(clap::Args)]
struct Run {
    /// Which protocol.
    #[arg(long, value_enum)]
    protocol: Protocol,
    /// How many runs.
    #[arg(long, default_value_t = 100)]
    runs: u64,
    /// Seed of the first run; each further run has the next.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What is between the cards.
    #[arg(long, value_enum, default_value = "random")]
    adversary: Adversary,
    /// One JSON document instead of words.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    /// Issue, exchange and redeem of vouchers.
    Voucher,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Summary {
    protocol: Protocol,
    adversary: Adversary,
    first_seed: u64,
    runs: u64,
    totals: Facts,
    failed_seed: Option<u64>,
    error: Option<String>,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run(run) => run_seeds(&run),
        Command::Explore(explore) => explorations::run(&explore),
    }
}

fn run_seeds(run: &Run) -> ExitCode {
    let setting = match Setting::new() {
        Ok(setting) => setting,
        Err(error) => {
            eprintln!("simulator: the cards cannot be set up: {error}");
            return ExitCode::from(2);
        }
    };
    let summary = run_all(run, &setting);
    print(run, &summary);
    ExitCode::from(u8::from(summary.failed_seed.is_some()))
}

fn run_all(run: &Run, setting: &Setting) -> Summary {
    let mut summary = Summary {
        protocol: run.protocol,
        adversary: run.adversary,
        first_seed: run.seed,
        runs: 0,
        totals: Facts::default(),
        failed_seed: None,
        error: None,
    };
    for seed in (run.seed..=u64::MAX).take(usize::try_from(run.runs).unwrap_or(usize::MAX)) {
        match setting.run(run.adversary, seed) {
            Ok(facts) => summary.totals.add(&facts),
            Err(failure) => {
                fail(&mut summary, &failure);
                break;
            }
        }
        summary.runs += 1;
        progress(&summary, run.runs);
    }
    summary
}

fn fail(summary: &mut Summary, failure: &Failure) {
    summary.failed_seed = Some(failure.seed);
    summary.error = Some(failure.to_string());
}

/// A line that is written over, for people who wait.
fn progress(summary: &Summary, runs: u64) {
    if stderr().is_terminal() {
        let exchanges = summary.totals.exchanges;
        eprint!("\r{} of {runs} runs, {exchanges} exchanges", summary.runs);
        let _ = stderr().flush();
    }
}

fn print(run: &Run, summary: &Summary) {
    if stderr().is_terminal() {
        eprintln!();
    }
    if run.json {
        match serde_json::to_string_pretty(summary) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("simulator: {error}"),
        }
        return;
    }
    let totals = &summary.totals;
    println!(
        "{} runs, adversary {}: {} messages delivered, {} APDUs ({} of exchanges, {} SELECTs), \
         {} exchanges committed, {} resolved, {} aborted",
        summary.runs,
        summary.adversary.name(),
        totals.deliveries,
        totals.apdus,
        totals.exchange_apdus,
        totals.selects,
        totals.exchanges,
        totals.resolved,
        totals.aborted,
    );
    match &summary.error {
        None => println!("conservation, fairness, agreement and progress held in every run"),
        Some(error) => println!("FAILED: {error}"),
    }
}
