//! Operate dispatchd and schemes.

use std::fmt::Display;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use command_line::{Kind, Manual};
use serde_json::Map;

mod card;
mod control;
mod doctor;
mod guard;
mod scheme;
mod thirdparty;

const PROGRAM: &str = "etpctl";

/// In which ways it fails.
const KINDS: &[Kind] = &[
    Kind::Other,
    Kind::Usage,
    Kind::Daemon,
    Kind::Refused,
    Kind::Undelivered,
    Kind::Timeout,
    Kind::Certificate,
    Kind::Forbidden,
];

/// The manual page, beside what is said here.
const MANUAL: Manual = Manual {
    description: "\
Asks a running\n\
.BR dispatchd (8)\n\
what it does, and makes and checks what daemons and cards need: schemes, keys, certificates and soft cards.",
    kinds: KINDS,
    sections: include_str!("../etpctl.roff"),
};

fn after_help() -> String {
    let names = "Names for ids are read from ~/.config/tenet/ids.toml: alice = \"<24 hex>:<port>\"";
    format!("{}\n\n{names}", Kind::help(KINDS))
}

/// Operate dispatchd and schemes.
#[derive(Debug, Parser)]
#[command(name = "etpctl", version, after_help = after_help())]
struct Arguments {
    /// Answer with one JSON document
    #[arg(long, global = true, help_heading = "For every command")]
    json: bool,
    #[command(flatten)]
    daemon: control::Daemon,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make schemes, certify keys, check what is there
    #[command(subcommand)]
    Scheme(scheme::SchemeCommand),
    /// Decide what may enter the dispatch table: try rules, load them, watch them, answer for them
    #[command(subcommand)]
    Guard(guard::GuardCommand),
    /// The cards of this host: how they are, who uses them, what happens to them
    #[command(subcommand)]
    Card(card::CardCommand),
    /// Ask the trusted third party of this host
    #[command(subcommand)]
    T(thirdparty::ThirdPartyCommand),
    /// Look at everything that a host needs, and say what is wrong and how to mend it
    Doctor(doctor::Doctor),
    #[command(flatten)]
    Control(control::ControlCommand),
}

fn main() -> ExitCode {
    match command_line::parse::<Arguments>(&MANUAL) {
        Ok(arguments) => run(arguments),
        Err(end) => end,
    }
}

fn run(arguments: Arguments) -> ExitCode {
    let (daemon, json) = (&arguments.daemon, arguments.json);
    match arguments.command {
        Command::Scheme(command) => run_scheme(command, json),
        Command::T(command) => match thirdparty::run(daemon, &command, json) {
            Err(failure) if !failure.is_unheard() => {
                tell(failure.kind(), &failure, failure.hint(), json)
            }
            _ => ExitCode::SUCCESS,
        },
        Command::Guard(command) => run_guard(daemon, &command, json),
        Command::Card(command) => end(card::run(daemon, &command, json), json),
        Command::Doctor(arguments) => match doctor::run(daemon, &arguments, json) {
            Ok(false) => Kind::Other.exit_code(),
            other => end(other.map(drop), json),
        },
        Command::Control(command) => end(control::run(daemon, &command, json), json),
    }
}

fn end(result: Result<(), control::Failure>, json: bool) -> ExitCode {
    match result {
        Err(failure) if !failure.is_unheard() => {
            tell(failure.kind(), &failure, failure.hint(), json)
        }
        _ => ExitCode::SUCCESS,
    }
}

fn run_scheme(command: scheme::SchemeCommand, json: bool) -> ExitCode {
    match scheme::run(command, json) {
        // The document that `check` printed says what it found.
        Err(failure @ scheme::Failure::Findings(_)) if json => failure.kind().exit_code(),
        Err(failure) if !failure.is_unheard() => tell(failure.kind(), &failure, None, json),
        _ => ExitCode::SUCCESS,
    }
}

fn run_guard(daemon: &control::Daemon, command: &guard::GuardCommand, json: bool) -> ExitCode {
    match guard::run(daemon, command, json) {
        // The document that was printed says what was found.
        Err(failure) if json && failure.is_finding() => failure.kind().exit_code(),
        Err(failure) if !failure.is_unheard() => {
            tell(failure.kind(), &failure, failure.hint(), json)
        }
        _ => ExitCode::SUCCESS,
    }
}

fn tell(kind: Kind, error: &impl Display, hint: Option<&str>, json: bool) -> ExitCode {
    let failure = command_line::Failure {
        kind,
        message: error.to_string(),
        hint: hint.map(str::to_owned),
        facts: Map::new(),
    };
    failure.tell(PROGRAM, json)
}
