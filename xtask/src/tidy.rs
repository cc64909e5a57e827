//! House rules that no compiler checks (CONTRIBUTING.md, "House style").

use std::fs;

use crate::shell::{Result, command, root};

const FILE_LINES_MAX: usize = 900;
const LINE_CHARS_MAX: usize = 120;
/// Words that announce unfinished work, spelled so that this file does not contain them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

pub(crate) fn run() -> Result {
    let findings: Vec<String> = tracked_files()?
        .iter()
        .flat_map(|path| findings_in(path))
        .collect();
    match findings.is_empty() {
        true => Ok(()),
        false => Err(format!("tidy:\n  {}", findings.join("\n  "))),
    }
}

fn tracked_files() -> Result<Vec<String>> {
    let output = command("git")
        .args(["ls-files"])
        .output()
        .map_err(|e| format!("git: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().map(str::to_owned).collect())
}

fn findings_in(path: &str) -> Vec<String> {
    let checked = path.ends_with(".rs") || path.ends_with(".md") || path.ends_with(".py");
    let Ok(text) = fs::read_to_string(root().join(path)) else {
        return Vec::new();
    };
    if !checked {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if path.ends_with(".rs") && text.lines().count() > FILE_LINES_MAX {
        findings.push(format!("{path}: longer than {FILE_LINES_MAX} lines"));
    }
    for (number, line) in text.lines().enumerate() {
        let place = format!("{path}:{}", number + 1);
        if path.ends_with(".rs") && line.chars().count() > LINE_CHARS_MAX {
            findings.push(format!("{place}: longer than {LINE_CHARS_MAX} characters"));
        }
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(**word)) {
            findings.push(format!("{place}: {word}"));
        }
    }
    findings
}
