//! What people see of runs.

use std::io::{IsTerminal, Write, stderr};

use serde::Serialize;

/// A line that is written over, for people who wait.
pub(crate) struct Progress {
    runs: u64,
    is_shown: bool,
}

impl Progress {
    pub(crate) fn new(runs: u64) -> Self {
        let is_shown = stderr().is_terminal();
        Self { runs, is_shown }
    }

    /// So many runs are done; some more words.
    pub(crate) fn at(&self, done: u64, words: &str) {
        let step = (self.runs / 1_000).max(1);
        if self.is_shown && done.is_multiple_of(step) {
            eprint!("\r{done} of {} runs{words}", self.runs);
            let _ = stderr().flush();
        }
    }

    pub(crate) fn end(&self) {
        if self.is_shown {
            eprintln!();
        }
    }
}

/// Prints a document.
pub(crate) fn json(summary: &impl Serialize) {
    match serde_json::to_string_pretty(summary) {
        Ok(text) => println!("{text}"),
        Err(error) => eprintln!("simulator: {error}"),
    }
}

/// Prints the last line: what held, or what did not.
pub(crate) fn verdict(held: &str, error: Option<&str>) {
    match error {
        None => println!("{held} held in every run"),
        Some(error) => println!("FAILED: {error}"),
    }
}
