//! `pals`: secure computations with others.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use command_line::{Kind, Manual};

mod function;
mod report;

const PROGRAM: &str = "pals";

/// In which ways it fails.
const KINDS: &[Kind] = &[Kind::Other, Kind::Usage];

/// The manual page, beside what is said here.
const MANUAL: Manual = Manual {
    description: "\
Parties compute together what each of them keeps secret: their cards take the inputs, and tell each party its own\n\
part of the result. What is computed is a function, a module of WebAssembly that every card knows by its hash.\n\
This program writes, checks and tries functions. It asks no daemon and no card.",
    kinds: KINDS,
    sections: include_str!("../pals.roff"),
};

/// Compute with others what nobody tells
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version, after_help = Kind::help(KINDS))]
struct Arguments {
    /// Answer with one JSON document
    #[arg(long, global = true, help_heading = "For every command")]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write, check and try functions: what a computation computes
    #[command(subcommand)]
    Function(function::FunctionCommand),
}

fn main() -> ExitCode {
    match command_line::parse::<Arguments>(&MANUAL) {
        Ok(arguments) => run(&arguments),
        Err(end) => end,
    }
}

fn run(arguments: &Arguments) -> ExitCode {
    let json = arguments.json;
    let done = match &arguments.command {
        Command::Function(command) => function::run(command),
    };
    match done.and_then(|report| Ok(report.print(json)?)) {
        Err(failure) if !failure.is_unheard() => failure.tell(PROGRAM, json),
        _ => ExitCode::SUCCESS,
    }
}
