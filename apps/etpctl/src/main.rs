//! Operate dispatchd and schemes.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::json;

mod control;
mod scheme;

/// Exit codes, as `--help` lists them.
const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  something else failed, or a check found problems
  2  wrong usage
  3  the daemon cannot be reached, is not trusted or refused
  4  this user may not ask that
  5  a message could not be delivered
  6  no answer in time

Names for ids are read from ~/.config/tenet/ids.toml: alice = \"<24 hex>:<port>\"";

/// Operate dispatchd and schemes.
#[derive(Debug, Parser)]
#[command(name = "etpctl", version, after_help = AFTER_HELP)]
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
    #[command(flatten)]
    Control(control::ControlCommand),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Scheme(command) => run_scheme(command, arguments.json),
        Command::Control(command) => {
            match control::run(&arguments.daemon, &command, arguments.json) {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => fail(&failure, arguments.json),
            }
        }
    }
}

fn run_scheme(command: scheme::SchemeCommand, json: bool) -> ExitCode {
    match scheme::run(command, json) {
        Ok(()) => ExitCode::SUCCESS,
        // The document that `check` printed says what it found.
        Err(scheme::Failure::Findings(_)) if json => ExitCode::FAILURE,
        Err(failure) => {
            tell("other", &failure.to_string(), None, json);
            ExitCode::FAILURE
        }
    }
}

fn fail(failure: &control::Failure, json: bool) -> ExitCode {
    tell(failure.name(), &failure.to_string(), failure.hint(), json);
    ExitCode::from(failure.exit_code())
}

/// Says why a command failed. Whoever closed standard output before wants to hear no more.
fn tell(kind: &str, message: &str, hint: Option<&str>, json: bool) {
    if json {
        let error = json!({ "kind": kind, "message": message, "hint": hint });
        let _ = writeln!(std::io::stdout(), "{:#}", json!({ "error": error }));
        return;
    }
    eprintln!("etpctl: {message}");
    if let Some(hint) = hint {
        eprintln!("  {hint}");
    }
}
