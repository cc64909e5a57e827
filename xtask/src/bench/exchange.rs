//! A fair exchange between two embedded soft cards on two daemons, measured at the cards.

use std::path::Path;

use serde::Serialize;
use system_tests::scenario::{self, Apdu, Report, Stories};
use system_tests::{Binaries, Deployment};

use super::cell::median;
use crate::shell::Result;

/// The story that is measured.
const STORY: &str = "exchange";

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
        let report = scenario::perform(&deployment, Stories::Exchange);
        reports.push(report.map_err(|failure| failure.to_string())?);
    }
    let of = |value: &dyn Fn(&Report) -> f64| median(reports.iter().map(value).collect());
    let sum = |value: fn(&Apdu) -> u64| {
        of(&|report| report.apdus_of(STORY).map(value).sum::<u64>() as f64)
    };
    Ok(Summary {
        apdus: reports
            .iter()
            .map(|report| report.apdus_of(STORY).count())
            .max()
            .unwrap_or(0),
        cpu_us: sum(|apdu| apdu.cpu_us),
        io_us: sum(|apdu| apdu.io_us),
        elapsed_us: of(&|report| report.story(STORY).map_or(0, |story| story.elapsed_us) as f64),
    })
}
