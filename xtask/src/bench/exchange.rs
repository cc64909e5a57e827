//! A fair exchange between two embedded soft cards on two daemons, measured at the cards.

use std::path::Path;

use serde::Serialize;
use system_tests::scenario::{self, Options};
use system_tests::{Binaries, Deployment};

use super::cell::median;
use crate::shell::Result;

/// Medians over the rounds, for one whole exchange.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// Commands to both cards together.
    pub(crate) apdus: usize,
    /// Processor time of both cards, in microseconds.
    pub(crate) cpu_us: f64,
    /// Time of both cards beyond that: durable writes, mostly.
    pub(crate) io_us: f64,
    /// From the order to the last result, in microseconds.
    pub(crate) elapsed_us: f64,
}

pub(crate) fn measure(release: &Path, rounds: usize) -> Result<Summary> {
    let mut reports = Vec::new();
    for round in 1..=rounds {
        eprintln!("bench: exchange {round} of {rounds}");
        let deployment = Deployment::create(Binaries::in_directory(release));
        let deployment = deployment.map_err(|failure| failure.to_string())?;
        let report = scenario::exchange(&deployment, &Options::default());
        reports.push(report.map_err(|failure| failure.to_string())?);
    }
    let of = |value: &dyn Fn(&scenario::Report) -> f64| median(reports.iter().map(value).collect());
    Ok(Summary {
        apdus: reports
            .iter()
            .map(|report| report.exchange_apdus().count())
            .max()
            .unwrap_or(0),
        cpu_us: of(&|report| report.exchange_apdus().map(|apdu| apdu.cpu_us as f64).sum()),
        io_us: of(&|report| report.exchange_apdus().map(|apdu| apdu.io_us as f64).sum()),
        elapsed_us: of(&|report| report.exchange_elapsed_us as f64),
    })
}
