//! Operate dispatchd and schemes.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod scheme;

/// Operate dispatchd and schemes.
#[derive(Debug, Parser)]
#[command(name = "etpctl", version)]
struct Arguments {
    /// Answer with one JSON document
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make schemes, certify keys, check what is there
    #[command(subcommand)]
    Scheme(scheme::SchemeCommand),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Command::Scheme(command) = arguments.command;
    match scheme::run(command, arguments.json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("etpctl: {failure}");
            ExitCode::FAILURE
        }
    }
}
