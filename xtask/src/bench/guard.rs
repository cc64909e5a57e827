//! `cargo xtask bench guard`: what Guard costs a message.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::report::machine;
use crate::shell::{self, Result, cargo, target};

/// What one run found.
#[derive(Serialize)]
struct Findings {
    machine: String,
    rounds: usize,
    contenders: Vec<Figure>,
}

/// One contender, as `bench-guard` prints it.
#[derive(Serialize, Deserialize)]
struct Figure {
    /// What is measured.
    name: String,
    /// For one message.
    ns: f64,
    /// How many times the cost of what it is compared with: of 10 rules, for 10,000.
    ratio: f64,
}

/// Builds the bench, runs it and prints what it found.
pub(super) fn run(rounds: usize, json: bool) -> Result {
    shell::run(cargo().args(["build", "--release", "--package", "bench-guard"]))?;
    let findings = Findings {
        contenders: figures(&target().join("release/bench-guard"), rounds)?,
        machine: machine(),
        rounds,
    };
    match json {
        true => super::print_json(&findings)?,
        false => print(&findings),
    }
    Ok(())
}

fn figures(bench: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let output = Command::new(bench).arg(rounds.to_string()).output();
    let output = output.map_err(|error| format!("bench-guard: {error}"))?;
    match output.status.success() {
        true => serde_json::from_slice(&output.stdout).map_err(|error| error.to_string()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn print(findings: &Findings) {
    let Findings {
        machine, rounds, ..
    } = findings;
    println!("{machine}; medians of {rounds} rounds.\n");
    println!("| Guard, one message | ns | ratio |");
    println!("|---|---|---|");
    for figure in &findings.contenders {
        println!("{}", row(figure));
    }
}

fn row(figure: &Figure) -> String {
    let Figure { name, ns, ratio } = figure;
    format!("| {name} | {ns:.0} | {ratio:.2} |")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_bench_prints_is_a_row() {
        let line = br#"[{"name":"built-in rules","ns":17.4,"ratio":1.0}]"#;
        let figures: Vec<Figure> = serde_json::from_slice(line).expect("figures");
        assert_eq!(row(&figures[0]), "| built-in rules | 17 | 1.00 |");
    }
}
