//! `pals`: secure computations with others.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use command_line::{Kind, Manual};

mod function;
mod report;
mod session;

use function::FunctionCommand;
use report::Report;
use session::SessionCommand;

const PROGRAM: &str = "pals";

/// In which ways it fails.
const KINDS: &[Kind] = &[
    Kind::Other,
    Kind::Usage,
    Kind::Daemon,
    Kind::Pin,
    Kind::Refused,
    Kind::Undelivered,
    Kind::Timeout,
    Kind::Home,
    Kind::Certificate,
];

/// The manual page, beside what is said here.
const MANUAL: Manual = Manual {
    description: "\
Parties compute together what each of them keeps secret: their cards take the inputs, and tell each party its own\n\
part of the result. What is computed is a function, a module of WebAssembly that every card knows by its hash.\n\
Or they exchange items: all get all of them, or nobody any.\n\
It has the own card take part in sessions, each to its end, and it writes, checks and tries functions.\n\
Before the card computes a function for the first time, its owner is told which, and the card gets it.",
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
    #[command(flatten)]
    way: session::Way,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Get an id for sessions and pin the card
    Init(session::Init),
    /// Print the member code, by which others invite this card
    Id,
    /// Auction something: who bids most wins, at the price of the second
    #[command(subcommand)]
    Auction(session::Auction),
    /// Compare key figures: mean and quartiles of all, and in which quarter one's own are
    #[command(subcommand)]
    Benchmark(session::Benchmark),
    /// Plan a supply chain at the least cost of all
    #[command(subcommand)]
    Plan(session::Plan),
    /// Compute a number of what each member gives, or any function
    #[command(subcommand)]
    Run(session::Run),
    /// Exchange keys, files and signatures: all members get all items, or nobody any
    #[command(subcommand)]
    Exchange(session::Exchange),
    /// Go on with the session that the card is in, if the `pals` that began it has ended
    Attend(session::TakeOver),
    /// Show where the card's session is, or how the last one ended
    Status,
    /// Show the result of the last session once more
    Result,
    /// Leave the session that the card is in
    Leave,
    /// Write, check and try functions, and have the card keep them: what a computation computes
    #[command(subcommand)]
    Function(FunctionCommand),
}

fn main() -> ExitCode {
    match command_line::parse::<Arguments>(&MANUAL) {
        Ok(arguments) => run(&arguments),
        Err(end) => end,
    }
}

fn run(arguments: &Arguments) -> ExitCode {
    let json = arguments.json;
    let done = match carry_out(arguments) {
        Ok(report) => report.print(json).map_err(report::Failure::from),
        Err(failure) => return failure.tell(PROGRAM, json),
    };
    match done {
        Err(failure) if !failure.is_unheard() => failure.parts().tell(PROGRAM, json),
        _ => ExitCode::SUCCESS,
    }
}

fn carry_out(arguments: &Arguments) -> Result<Report, command_line::Failure> {
    let command = match &arguments.command {
        Command::Function(FunctionCommand::Local(command)) => {
            return function::run(command).map_err(|failure| failure.parts());
        }
        Command::Function(FunctionCommand::Card(command)) => SessionCommand::Function(command),
        Command::Init(init) => SessionCommand::Init(init),
        Command::Id => SessionCommand::Id,
        Command::Auction(auction) => SessionCommand::Auction(auction),
        Command::Benchmark(benchmark) => SessionCommand::Benchmark(benchmark),
        Command::Plan(plan) => SessionCommand::Plan(plan),
        Command::Run(run) => SessionCommand::Run(run),
        Command::Exchange(exchange) => SessionCommand::Exchange(exchange),
        Command::Attend(command) => SessionCommand::Attend(command),
        Command::Status => SessionCommand::Status,
        Command::Result => SessionCommand::Result,
        Command::Leave => SessionCommand::Leave,
    };
    session::run(&arguments.way, &command)
}
