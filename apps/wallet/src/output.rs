//! What a command prints.

use std::io::Write;
use std::process::ExitCode;

use serde_json::Value;

/// The same facts for people and for programs.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Report {
    pub(crate) fn new(text: impl Into<String>, json: Value) -> Self {
        let text = text.into();
        Self { text, json }
    }
}

pub(crate) fn print(report: &Report, json: bool) -> ExitCode {
    let text = match json {
        true => format!("{:#}", report.json),
        false => report.text.trim_end().to_string(),
    };
    let written = match text.is_empty() {
        true => Ok(()),
        false => writeln!(std::io::stdout(), "{text}"),
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
