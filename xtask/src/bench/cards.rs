//! An exchange, a resolve and an abort at three soft cards alone, measured at their links.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Serialize;
use serde_json::Value;

use super::cell::{median, number};
use crate::shell::Result;

/// What is measured, in the order of the table.
const STORIES: [&str; 3] = ["exchange", "resolve", "abort"];
/// The cards, as `bench-peer cards` calls them, and as the table does.
pub(super) const CARDS: [(&str, &str); 3] = [("s_a", "S_A"), ("s_b", "S_B"), ("t", "T")];

/// Medians over the rounds of one story.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// What was done.
    pub(crate) name: &'static str,
    /// From the first order to the last result, in microseconds; what is between two orders is not in it.
    pub(crate) elapsed_us: f64,
    /// By card.
    pub(crate) cards: BTreeMap<&'static str, Cost>,
}

/// What it cost one card.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Cost {
    /// Commands.
    pub(crate) apdus: f64,
    /// Processor time in microseconds.
    pub(crate) cpu_us: f64,
    /// Time beyond that in microseconds: durable writes, mostly.
    pub(crate) io_us: f64,
}

pub(crate) fn measure(release: &Path, rounds: usize) -> Result<Vec<Summary>> {
    let mut runs = Vec::new();
    for round in 1..=rounds {
        eprintln!("bench: cards {round} of {rounds}");
        runs.push(run(&release.join("bench-peer"))?);
    }
    STORIES.iter().map(|name| summary(name, &runs)).collect()
}

fn run(bench: &Path) -> Result<Value> {
    let output = Command::new(bench).arg("cards").output();
    let output = output.map_err(|error| format!("bench-peer cards: {error}"))?;
    match output.status.success() {
        true => serde_json::from_slice(&output.stdout).map_err(|error| error.to_string()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

pub(super) fn summary(name: &'static str, runs: &[Value]) -> Result<Summary> {
    let mut cards = BTreeMap::new();
    for (card, _) in CARDS {
        let of = |field| median_of(runs, |run| number(&run[name][card], field));
        let cost = Cost {
            apdus: of("apdus")?,
            cpu_us: of("cpu_us")?,
            io_us: of("io_us")?,
        };
        cards.insert(card, cost);
    }
    Ok(Summary {
        name,
        elapsed_us: median_of(runs, |run| number(&run[name], "elapsed_us"))?,
        cards,
    })
}

fn median_of(runs: &[Value], value: impl Fn(&Value) -> Result<f64>) -> Result<f64> {
    let values: Result<Vec<f64>> = runs.iter().map(value).collect();
    values.map(median)
}
