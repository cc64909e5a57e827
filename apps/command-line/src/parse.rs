//! The command line read, and what is said of a wrong one.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use serde_json::Map;

use crate::manual::{MANUAL_OPTION, Manual};
use crate::{Failure, Kind, OutputError};

/// Reads the command line of this process.
///
/// # Errors
/// How the process is to end: its help, its version, its manual page or what is wrong with the words has been
/// printed. With `--json` among the words, what is wrong is a JSON document as every other error is.
pub fn parse<C: Parser>(manual: &Manual) -> Result<C, ExitCode> {
    let words: Vec<OsString> = std::env::args_os().collect();
    if words.len() == 2 && words[1] == MANUAL_OPTION {
        return Err(print_manual(&manual.page(C::command())));
    }
    let parsed = C::try_parse_from(&words);
    parsed.map_err(|error| refuse(C::command().get_name(), &error, wants_json(&words)))
}

fn print_manual(page: &str) -> ExitCode {
    let written = std::io::stdout().write_all(page.as_bytes());
    match written.map_err(OutputError::from) {
        Ok(()) | Err(OutputError::Closed) => ExitCode::SUCCESS,
        Err(OutputError::Failed(_)) => ExitCode::FAILURE,
    }
}

/// The words do not make sense, so only whether it is among them can be said.
fn wants_json(words: &[OsString]) -> bool {
    let options = words.iter().take_while(|word| *word != "--");
    options.into_iter().any(|word| word == "--json")
}

fn refuse(program: &str, error: &clap::Error, json: bool) -> ExitCode {
    if json && error.use_stderr() {
        return failure(program, error).tell(program, true);
    }
    let _ = error.print();
    match error.use_stderr() {
        true => Kind::Usage.exit_code(),
        false => ExitCode::SUCCESS,
    }
}

fn failure(program: &str, error: &clap::Error) -> Failure {
    Failure {
        kind: Kind::Usage,
        message: message(error),
        hint: Some(format!("see `{program} --help`")),
        facts: Map::new(),
    }
}

/// Without the usage that follows it for people.
fn message(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing".into();
    }
    let text = error.render().to_string();
    let text = text.split("\n\nUsage:").next().unwrap_or_default();
    let text = text.split("\n\nFor more information").next();
    let text = text.unwrap_or_default().trim_start_matches("error: ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
