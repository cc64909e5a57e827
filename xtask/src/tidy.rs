//! House rules that no compiler checks (CONTRIBUTING.md, "House style").

use std::fs;
use std::path::Path;

use crate::shell::{Result, command, root};

/// Names the test of each promise in backquotes.
const PROMISES: &str = "SPECIFICATION.md";
const FILE_LINES_MAX: usize = 900;
const LINE_CHARS_MAX: usize = 120;
/// Words that announce unfinished work, spelled so that this file does not contain them.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

pub(crate) fn run() -> Result {
    let files = tracked_files()?;
    let mut findings: Vec<String> = files.iter().flat_map(|path| findings_in(path)).collect();
    findings.extend(promises_without_test(&files)?);
    findings.extend(files.iter().flat_map(|path| dead_links(path)));
    match findings.is_empty() {
        true => Ok(()),
        false => Err(format!("tidy:\n  {}", findings.join("\n  "))),
    }
}

/// Relative links of a page that lead nowhere.
fn dead_links(path: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(path)).unwrap_or_default();
    let directory = root()
        .join(path)
        .parent()
        .map(Path::to_path_buf)
        .unwrap_or_default();
    if !path.ends_with(".md") {
        return Vec::new();
    }
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let relative = links.filter(|link| !link.contains("://") && !link.starts_with('#'));
    let files = relative.map(|link| link.split('#').next().unwrap_or_default());
    let dead = files.filter(|file| !directory.join(file).exists());
    dead.map(|file| format!("{path}: nothing at {file}"))
        .collect()
}

/// Tests that SPECIFICATION.md names and nobody wrote.
fn promises_without_test(files: &[String]) -> Result<Vec<String>> {
    let promises =
        fs::read_to_string(root().join(PROMISES)).map_err(|e| format!("{PROMISES}: {e}"))?;
    let sources = files.iter().filter(|path| path.ends_with(".rs"));
    let sources = sources.filter_map(|path| fs::read_to_string(root().join(path)).ok());
    let sources: Vec<String> = sources.collect();
    let named = promises
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| is_function(name));
    let missing = named.filter(|name| !sources.iter().any(|s| s.contains(&format!("fn {name}("))));
    Ok(missing
        .map(|name| format!("{PROMISES}: no test {name}"))
        .collect())
}

fn is_function(name: &str) -> bool {
    name.contains('_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
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
