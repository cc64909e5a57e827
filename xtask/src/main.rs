//! The project's own commands: the only place that knows how to prepare a machine.

mod bench;
mod codegen;
mod demo;
mod fuzz;
mod plugins;
mod prepare;
mod shell;
mod suites;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Prepare the machine, test, demonstrate and measure TENeT.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Three hosts: fair exchanges of vouchers, two disputes, a restored backup, attacks; or an `auction`
    Demo(demo::Arguments),
    /// Prepare the machine and run every test
    Test(suites::Arguments),
    /// Measure: round trips, throughput and exchanges beside a bare relay in the same run
    Bench(bench::Arguments),
    /// Run the fuzz targets; installs a nightly toolchain and cargo-fuzz where they are missing
    Fuzz(fuzz::Arguments),
    /// Generate the message type table from docs/protocol/mtypes.toml, and the manual pages
    Codegen(codegen::Arguments),
    /// Build the WebAssembly modules of this repository; fetches compilers where they are missing
    Plugins(plugins::Arguments),
    /// Check the house rules that no compiler checks
    Tidy,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Test(arguments) => suites::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        Command::Codegen(arguments) => codegen::run(&arguments),
        Command::Plugins(arguments) => plugins::run(&arguments),
        Command::Tidy => tidy::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
