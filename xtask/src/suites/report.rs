//! What a run of the tests found, as a table and as a dated page.

use std::fs;
use std::time::Duration;

use super::Done;
use crate::bench;
use crate::shell::{Result, command, output, root};

pub(super) fn table(done: &[Done]) -> String {
    let total: Duration = done.iter().map(|done| done.time).sum();
    let rows = done
        .iter()
        .map(|done| row(done.name, &done.extent, done.time));
    format!(
        "| {:<16} | {:<40} | {:>8} |\n|---|---|---:|\n{}{}",
        "suite",
        "how much",
        "time, s",
        rows.collect::<String>(),
        row("all", "", total),
    )
}

fn row(name: &str, extent: &str, time: Duration) -> String {
    let seconds = time.as_secs_f64();
    format!("| {name:<16} | {extent:<40} | {seconds:>8.1} |\n")
}

/// Writes the dated result of a long run, to be committed.
pub(super) fn keep(what: &str, done: &[Done], seed: u64) -> Result {
    let said = |program: &str, words: &[&str]| {
        output(command(program).args(words)).map(|text| text.trim().to_owned())
    };
    let date = said("date", &["+%F"])?;
    let commit = said("git", &["rev-parse", "HEAD"])?;
    let changed = match said("git", &["status", "--porcelain"])?.as_str() {
        "" => "",
        _ => " with changes that are not committed",
    };
    let name = format!("docs/results/{date}-{what}.md");
    let page = format!(
        "# Run of {date}: {what}\n\n`cargo xtask {}` on commit\n\
         {commit}{changed},\n{}, {}. Every suite passed.\n\n{}",
        said_on_the_command_line(seed),
        bench::machine(),
        memory(),
        table(done),
    );
    let path = root().join(&name);
    fs::create_dir_all(root().join("docs/results")).map_err(|e| format!("{name}: {e}"))?;
    fs::write(path, page).map_err(|e| format!("{name}: {e}"))?;
    println!("kept in {name}, to be committed");
    Ok(())
}

/// The words after `cargo xtask`, with the seed if none was given.
fn said_on_the_command_line(seed: u64) -> String {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word.starts_with("--seed")) {
        words.extend(["--seed".to_owned(), seed.to_string()]);
    }
    words.join(" ")
}

fn memory() -> String {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib: Option<u64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    let gib = kib.map(|kib| format!("{:.0} GiB of memory", kib as f64 / 1_048_576.0));
    gib.unwrap_or_else(|| "memory unknown".into())
}
