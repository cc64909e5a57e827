//! How a program tells that it failed.

use std::io::Write;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use crate::Kind;

/// What a program says when it fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind, and so the exit code.
    pub kind: Kind,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// More for programs: names and values in the JSON document.
    pub facts: Map<String, Value>,
}

impl Failure {
    /// As one JSON document.
    pub fn document(&self) -> Value {
        let mut error = self.facts.clone();
        error.insert("kind".into(), self.kind.name().into());
        error.insert("message".into(), self.message.clone().into());
        error.insert("hint".into(), self.hint.clone().into());
        json!({ "error": error })
    }

    /// Tells it: as JSON on standard output, or in words on standard error. Whoever closed
    /// these before wants to hear no more.
    pub fn tell(&self, program: &str, json: bool) -> ExitCode {
        if json {
            let _ = writeln!(std::io::stdout(), "{:#}", self.document());
        } else {
            let mut stderr = std::io::stderr();
            let _ = writeln!(stderr, "{program}: {}", self.message);
            if let Some(hint) = &self.hint {
                let _ = writeln!(stderr, "  {hint}");
            }
        }
        self.kind.exit_code()
    }
}
