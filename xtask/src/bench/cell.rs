//! The cells of the table: what is measured, and the medians over the rounds.

use serde::Serialize;
use serde_json::Value;

use super::contender::{Arena, Contender};
use crate::shell::Result;

/// One thing to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    /// Parameter bytes of a message.
    pub(crate) size: usize,
    /// What is done with such messages.
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Round trips, everything on one core.
    RoundTrip { count: usize },
    /// One way; `batch` messages in one write.
    Flow {
        count: usize,
        group: usize,
        batch: usize,
        cores: &'static str,
    },
}

/// What a contender reached in a cell: time or rate, and the processor time of everybody together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Microseconds for a round trip, messages per second for a flow.
    pub(crate) value: f64,
    /// Microseconds at the 99th percentile, for a round trip.
    pub(crate) p99: f64,
    /// Microseconds of CPU per message or round trip, all processes.
    pub(crate) cpu_us: f64,
    /// The part of the process in the middle.
    pub(crate) middle_cpu_us: f64,
}

/// Medians of a cell.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) unit: &'static str,
    pub(crate) relay: f64,
    pub(crate) dispatchd: f64,
    /// dispatchd / relay, taken within each round.
    pub(crate) ratio: f64,
    pub(crate) p99_ratio: Option<f64>,
    pub(crate) relay_cpu_us: f64,
    pub(crate) dispatchd_cpu_us: f64,
    pub(crate) cpu_ratio: f64,
    pub(crate) daemon_cpu_us: f64,
}

const SIZES: &[(usize, &str)] = &[(100, "100 B"), (1_024, "1 KiB"), (61_440, "60 KiB")];

pub(crate) fn all(arena: &Arena, rounds: usize) -> Result<Vec<Summary>> {
    let mut summaries = Vec::new();
    for (size, label) in SIZES {
        for (name, kind) in kinds(*size) {
            eprintln!("bench: {name}, {label}");
            summaries.push(one(
                arena,
                &format!("{name}, {label}"),
                Cell { size: *size, kind },
                rounds,
            )?);
        }
    }
    Ok(summaries)
}

fn kinds(size: usize) -> [(&'static str, Kind); 4] {
    let (count, group) = if size > 10_000 {
        (8_000, 4)
    } else {
        (200_000, 200)
    };
    let batch = (group / 2).min(32);
    let flow = |count, batch, cores| Kind::Flow {
        count,
        group,
        batch,
        cores,
    };
    [
        ("round trip", Kind::RoundTrip { count: 10_000 }),
        ("one way", flow(count, 1, "0,1")),
        ("one way, batched", flow(count * 2, batch, "0,1")),
        ("one way, batched, one core", flow(count, batch, "0")),
    ]
}

fn one(arena: &Arena, name: &str, cell: Cell, rounds: usize) -> Result<Summary> {
    let mut pairs = Vec::new();
    for _ in 0..rounds {
        let relay = arena.measure(Contender::Relay, cell)?;
        let dispatchd = arena.measure(Contender::Dispatchd, cell)?;
        pairs.push((relay, dispatchd));
    }
    let median_of =
        |value: &dyn Fn(&(Sample, Sample)) -> f64| median(pairs.iter().map(value).collect());
    let round_trip = matches!(cell.kind, Kind::RoundTrip { .. });
    Ok(Summary {
        name: name.to_owned(),
        unit: if round_trip { "us" } else { "messages/s" },
        relay: median_of(&|(relay, _)| relay.value),
        dispatchd: median_of(&|(_, daemon)| daemon.value),
        ratio: median_of(&|(relay, daemon)| daemon.value / relay.value),
        p99_ratio: round_trip.then(|| median_of(&|(relay, daemon)| daemon.p99 / relay.p99)),
        relay_cpu_us: median_of(&|(relay, _)| relay.cpu_us),
        dispatchd_cpu_us: median_of(&|(_, daemon)| daemon.cpu_us),
        cpu_ratio: median_of(&|(relay, daemon)| daemon.cpu_us / relay.cpu_us),
        daemon_cpu_us: median_of(&|(_, daemon)| daemon.middle_cpu_us),
    })
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A number of a JSON line that a peer printed.
pub(crate) fn number(line: &Value, field: &str) -> Result<f64> {
    line[field]
        .as_f64()
        .ok_or_else(|| format!("no number {field} in {line}"))
}
