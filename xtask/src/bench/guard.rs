//! `cargo xtask bench guard`: what Guard costs a message, and what a hostile user's plugin costs others.

mod attack;
mod report;

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::cell::median;
use super::report::machine;
use crate::prepare;
use crate::shell::{self, Result, cargo, target};
use attack::{Arena, Waits};

/// What one run found.
#[derive(Serialize)]
struct Findings {
    machine: String,
    rounds: usize,
    /// A routed round trip of the same message, everything on one core. Microseconds.
    round_trip_us: f64,
    contenders: Vec<Figure>,
    waits: Waits,
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

impl Figure {
    /// What judging both messages of a round trip takes of its time.
    fn share(&self, round_trip_us: f64) -> f64 {
        2.0 * self.ns / (round_trip_us * 1e3)
    }
}

/// Builds the bench, runs it and prints what it found.
pub(super) fn run(rounds: usize, json: bool) -> Result {
    prepare::for_demo()?;
    let packages = ["bench-guard", "bench-peer", "dispatchd", "etpctl"];
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    shell::run(cargo().args(["build", "--release"]).args(packages))?;
    let findings = measure(&target().join("release"), rounds)?;
    match json {
        true => super::print_json(&findings)?,
        false => report::print(&findings),
    }
    Ok(())
}

/// Round trips are measured right before and after the figures that are compared with them.
fn measure(release: &Path, rounds: usize) -> Result<Findings> {
    let arena = Arena::open(release)?;
    let round_trips = || -> Result<Vec<f64>> {
        let rounds = 0..rounds.div_ceil(2);
        rounds.map(|_| arena.round_trip_us()).collect()
    };
    let mut round_trip_us = round_trips()?;
    let contenders = figures(&release.join("bench-guard"), rounds)?;
    round_trip_us.extend(round_trips()?);
    Ok(Findings {
        contenders,
        round_trip_us: median(round_trip_us),
        waits: arena.waits(rounds)?,
        machine: machine(),
        rounds,
    })
}

fn figures(bench: &Path, rounds: usize) -> Result<Vec<Figure>> {
    let output = Command::new(bench).arg(rounds.to_string()).output();
    let output = output.map_err(|error| format!("bench-guard: {error}"))?;
    match output.status.success() {
        true => serde_json::from_slice(&output.stdout).map_err(|error| error.to_string()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
