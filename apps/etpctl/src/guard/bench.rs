//! `etpctl guard bench`.

use std::time::{Duration, Instant};

use guard_policies::chain::{Chain, Counts, Stage};
use guard_policies::{Entry, Now, Principal, Record};
use libetp::codec::to_vec;
use libetp::limits::HEADER_LEN;
use libetp::params::host::Ping;
use libetp::{Domain, EntityId, Header, Mtype, Port};
use serde_json::{Value, json};

use super::{Bench, Failure, offline};
use crate::control::{Report, Table};

/// How long messages are judged for one figure.
const TIME: Duration = Duration::from_millis(500);
/// Messages between two looks at the clock.
const ROUND: usize = 256;
/// Messages of a capture that are used.
const MESSAGES_MAX: usize = 10_000;

pub(super) fn run(arguments: &Bench) -> Result<Report, Failure> {
    let chain = offline::chain(&arguments.rules)?;
    let records = match &arguments.capture {
        Some(path) => offline::records(path, MESSAGES_MAX)?,
        None => pings(),
    };
    if records.is_empty() {
        let path = arguments.capture.clone().unwrap_or_default();
        return Err(Failure::NoMessages(path));
    }
    let built_in_ns = measure(&Chain::default(), &records);
    let chain_ns = measure(&chain, &records);
    Ok(report(&chain, chain_ns, built_in_ns))
}

fn report(chain: &Chain, chain_ns: f64, built_in_ns: f64) -> Report {
    let mut table = Table::new(&["POLICY", "ASKED", "FAILED", "FUEL EACH"]);
    let mut values: Vec<Value> = Vec::new();
    for link in chain.links() {
        let counts = link.counts();
        let all = counts.named().into_iter();
        let asked: u64 = all
            .filter(|(name, _)| *name != "fuel")
            .map(|(_, n)| n)
            .sum();
        let fuel = counts.fuel.checked_div(asked).unwrap_or(0);
        table.row([
            &link.name,
            &asked.to_string(),
            &counts.failed.to_string(),
            &fuel.to_string(),
        ]);
        values.push(json!({
            "name": link.name, "asked": asked, "failed": counts.failed, "fuel_each": fuel,
        }));
    }
    let mut text = format!(
        "{chain_ns:.0} ns for a message, {built_in_ns:.0} ns of them for the built-in rules\n\n{}",
        table.or("no policies")
    );
    if chain
        .links()
        .iter()
        .all(|link| link.counts() == Counts::default())
    {
        text += "\nno policy was asked about such messages: judge real ones with --capture";
    }
    Report {
        text,
        json: json!({
            "ns_per_message": chain_ns,
            "built_in_ns_per_message": built_in_ns,
            "policies": values,
        }),
    }
}

/// Nanoseconds for a message. Each comes a second after the one before.
fn measure(chain: &Chain, records: &[Record]) -> f64 {
    let stage = Stage {
        is_worker: true,
        ..Stage::default()
    };
    let mut now = records.first().map_or(Now::default(), |record| record.now);
    let mut messages = records.iter().cycle();
    let (mut judged, start) = (0u64, Instant::now());
    while start.elapsed() < TIME {
        for record in messages.by_ref().take(ROUND) {
            now.tick_ms += 1_000;
            now.unix_s += 1;
            let mut facts = record.facts();
            facts.now = now;
            std::hint::black_box(chain.judge_stage(&facts, stage, &mut |_| {}));
            judged += 1;
        }
    }
    start.elapsed().as_nanos() as f64 / judged as f64
}

/// A ping from each entry to a card of this host.
fn pings() -> Vec<Record> {
    let (home, abroad) = (Domain([2; 12]), Domain([3; 12]));
    let principal = Principal {
        uid: 1_000,
        gid: 1_000,
        pid: 1,
    };
    let app = Entry::App {
        principal,
        derived: false,
    };
    vec![
        ping(app, home.entity(Port(7)), home),
        ping(Entry::Card(home), home.card(), home),
        ping(Entry::Remote([9; 32]), abroad.entity(Port(7)), home),
    ]
}

fn ping(entry: Entry, src: EntityId, home: Domain) -> Record {
    let param = to_vec(&Ping { nonce: vec![7; 16] });
    Record {
        entry,
        membership: None,
        header: Header {
            src,
            dst: home.card(),
            mtype: Mtype::PING,
        },
        size: HEADER_LEN + param.len(),
        now: Now::default(),
        is_src_local: src.domain == home,
        is_dst_local: true,
        is_owner: true,
        param: Some(param),
    }
}

#[cfg(test)]
mod tests {
    use guard_policies::Verdict;

    use super::*;

    #[test]
    fn no_built_in_rule_ends_the_sample_messages_early() {
        for record in pings() {
            let judgement = Chain::default().judge(&record.facts());
            assert_eq!(judgement.verdict, Verdict::Pass, "{record:?}");
        }
    }
}
