//! `cargo xtask bench readers`: what the way to a card in a reader costs.
//!
//! Virtual readers behind a real `pcscd`. A program that talks to the card by itself, with bare `SCardTransmit`, is
//! the floor for `etp-card-proxy`; and an exchange of vouchers with cards as slow as those of Terada et al. 2005,
//! Table 2, is compared with the same commands, transmitted bare to cards that are as slow.

mod carry;
mod paper;
mod report;
mod slow;

use serde::Serialize;
use system_tests::Binaries;

use super::cell::median;
use super::report::machine;
use crate::prepare;
use crate::shell::{self, Result, cargo, target};

/// What one run found: medians of rounds.
#[derive(Debug, Serialize)]
struct Findings {
    machine: String,
    rounds: usize,
    bare: Cost,
    proxy: Cost,
    paper: paper::Times,
}

/// What one command costs the process that sends it. Microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
struct Cost {
    cpu: f64,
    elapsed: f64,
}

/// Builds what it measures, measures it and prints what it found.
pub(super) fn run(rounds: usize, json: bool) -> Result {
    prepare::for_tests()?;
    let packages = [
        "dispatchd",
        "etpctl",
        "wallet",
        "softcard",
        "etp-card-proxy",
        "reader-user",
    ];
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    shell::run(cargo().args(["build", "--release"]).args(packages))?;
    let findings = measure(&Binaries::in_directory(target().join("release")), rounds)?;
    match json {
        true => super::print_json(&findings)?,
        false => report::print(&findings),
    }
    Ok(())
}

fn measure(binaries: &Binaries, rounds: usize) -> Result<Findings> {
    let mut costs = Vec::new();
    for round in 1..=rounds {
        eprintln!("bench: commands {round} of {rounds}");
        costs.push(carry::measure(binaries)?);
    }
    eprintln!("bench: an exchange of slow cards");
    let paper = paper::measure(binaries)?;
    let of = |value: &dyn Fn(&(Cost, Cost)) -> f64| median(costs.iter().map(value).collect());
    Ok(Findings {
        machine: machine(),
        rounds,
        bare: Cost {
            cpu: of(&|(bare, _)| bare.cpu),
            elapsed: of(&|(bare, _)| bare.elapsed),
        },
        proxy: Cost {
            cpu: of(&|(_, proxy)| proxy.cpu),
            elapsed: of(&|(_, proxy)| proxy.elapsed),
        },
        paper,
    })
}

/// A failure in words.
fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
