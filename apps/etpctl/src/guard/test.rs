//! `etpctl guard test`.

use std::path::Path;

use config_error::ConfigError;
use guard_policies::Outcome;
use guard_policies::cases::{self, CASE_FILE_BYTES_MAX, Report as Tried};
use guard_policies::file::{Disk, Files, Names, Problem};
use serde_json::{Value, json};

use super::{Failure, Test, offline};
use crate::control::{Report, print_report};

pub(super) fn run(arguments: &Test, json: bool) -> Result<(), Failure> {
    let names = offline::names(&arguments.rules)?;
    let (mut text, mut values) = (String::new(), Vec::new());
    let (mut failed, mut all) = (0, 0);
    for path in &arguments.cases {
        let file = CaseFile::read(path)?;
        let tried = file.run(&names, &arguments.rules)?;
        failed += tried.failures();
        all += tried.tried.len();
        text += &file.text(&tried);
        values.push(file.value(&tried));
    }
    let report = Report {
        text,
        json: json!({ "files": values, "cases": all, "failed": failed }),
    };
    print_report(&report, json)?;
    match failed {
        0 => Ok(()),
        _ => Err(Failure::Cases { failed, all }),
    }
}

struct CaseFile<'p> {
    path: &'p Path,
    text: String,
}

impl<'p> CaseFile<'p> {
    fn read(path: &'p Path) -> Result<Self, Failure> {
        let bytes = Disk.read(path, CASE_FILE_BYTES_MAX);
        let bytes = bytes.map_err(Failure::file(path))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| ConfigError::whole(path, "is not text: case files are UTF-8"))?;
        Ok(Self { path, text })
    }

    /// Has a fresh chain judge the cases.
    fn run(&self, names: &Names, rules: &Path) -> Result<Tried, Failure> {
        let cases = cases::parse(&self.text, names).map_err(|problem| self.error(problem))?;
        let chain = offline::chain(rules)?;
        Ok(cases::run(&cases, |facts| Outcome::of(&chain, facts)))
    }

    fn error(&self, problem: Problem) -> ConfigError {
        let error = ConfigError::at(self.path, &self.text, problem.at, problem.what);
        match problem.help {
            Some(help) => error.help(help),
            None => error,
        }
    }

    fn line(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or_default();
        before.matches('\n').count() + 1
    }

    /// What was tried; failures with their lines.
    fn text(&self, tried: &Tried) -> String {
        let mut text = format!("{}\n{tried}\n", self.path.display());
        let failed = tried.tried.iter().filter(|case| case.surprise.is_some());
        for case in failed {
            let line = self.line(case.at.start);
            text += &format!(
                "{}:{line}: {}\n",
                self.path.display(),
                case.name.escape_debug()
            );
        }
        text
    }

    fn value(&self, tried: &Tried) -> Value {
        let cases = tried.tried.iter();
        let cases: Vec<Value> = cases
            .map(|case| {
                json!({
                    "name": case.name,
                    "line": self.line(case.at.start),
                    "ok": case.surprise.is_none(),
                    "expected": case.expected.to_string(),
                    "got": case.surprise.as_ref().map(|(_, outcome)| outcome.to_string()),
                    "at_message": case.surprise.as_ref().map(|(time, _)| time),
                })
            })
            .collect();
        json!({ "file": self.path.display().to_string(), "cases": cases })
    }
}
