//! What a command prints.

use std::io::Write;
use std::process::ExitCode;

use command_line::OutputError;
use serde_json::Value;

use crate::disputes::{Proposal, proposals};
use crate::mail::now;
use crate::records::Records;

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

    /// Says which exchanges are stuck, and what can be done about them.
    pub(crate) fn proposing(mut self, records: &Records) -> Self {
        let proposals = proposals(records, now());
        if !proposals.is_empty() && !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.extend(proposals.iter().map(Proposal::text));
        let proposals: Vec<Value> = proposals.iter().map(Proposal::json).collect();
        if let Value::Object(document) = &mut self.json {
            document.insert("proposals".into(), proposals.into());
        }
        self
    }
}

pub(crate) fn print(report: &Report, json: bool) -> ExitCode {
    let text = match json {
        true => format!("{:#}", report.json),
        false => report.text.trim_end().to_string(),
    };
    let written = match text.is_empty() {
        true => Ok(()),
        false => command_line::print(&text),
    };
    match written {
        Ok(()) | Err(OutputError::Closed) => ExitCode::SUCCESS,
        Err(OutputError::Failed(error)) => {
            // Nobody can be told on standard output, so in words.
            let _ = writeln!(
                std::io::stderr(),
                "wallet: the result cannot be written: {error}"
            );
            ExitCode::FAILURE
        }
    }
}
