//! The exchange as the two daemons saw it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::cast::Cast;
use super::report::{Apdu, Card, Message, Report};
use crate::host::Host;
use crate::program::Failure;

/// Message types of an exchange that a card takes: one command each.
const EXCHANGE_TAKES: &[&str] = &[
    "start-exchange",
    "accept",
    "agreement",
    "confirmation",
    "commitment",
];
/// Message types of an exchange that are shown: those, and what the people's programs get.
const EXCHANGE_SHOWN: &[&str] = &[
    "start-exchange",
    "exchange-started",
    "offer",
    "accept",
    "agreement",
    "confirmation",
    "commitment",
    "exchange-result",
];
/// How far a daemon looks back.
const RECORDS_MAX: &str = "4096";

/// Where the traces stood before the exchange.
pub(crate) struct Mark {
    /// By host: sequence numbers of the last message and the last APDU.
    last: BTreeMap<String, (u64, u64)>,
}

impl Mark {
    pub(crate) fn set(cast: &Cast) -> Result<Self, Failure> {
        let mut last = BTreeMap::new();
        for host in [&cast.a, &cast.b] {
            let trace = trace(host)?;
            let of = |kind: &str| sequences(&trace, kind).max().unwrap_or(0);
            last.insert(host.name.clone(), (of("messages"), of("apdus")));
        }
        Ok(Self { last })
    }

    /// Puts what passed since into the report.
    pub(crate) fn collect(&self, cast: &Cast, report: &mut Report) -> Result<(), Failure> {
        for host in [&cast.a, &cast.b] {
            let trace = trace(host)?;
            let (message, apdu) = self.last.get(&host.name).copied().unwrap_or_default();
            report.messages.extend(messages(cast, &trace, message));
            let name = cast.name_of(&host.card());
            report.apdus.insert(name, card(host, &trace, apdu)?);
        }
        report.messages.sort_by_key(|message| message.unix_us);
        charge_cards(report);
        Ok(())
    }
}

fn trace(host: &Host) -> Result<Value, Failure> {
    host.etpctl(&["trace", "--limit", RECORDS_MAX]).json()
}

fn records<'a>(trace: &'a Value, kind: &str) -> impl Iterator<Item = &'a Value> {
    trace[kind].as_array().into_iter().flatten()
}

fn sequences(trace: &Value, kind: &str) -> impl Iterator<Item = u64> {
    records(trace, kind).filter_map(|record| record["sequence"].as_u64())
}

fn number(record: &Value, field: &str) -> u64 {
    record[field].as_u64().unwrap_or(0)
}

fn names(record: &Value, field: &str) -> Vec<String> {
    let names = record[field].as_array().into_iter().flatten();
    names
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

fn card(host: &Host, trace: &Value, after: u64) -> Result<Card, Failure> {
    let apdus = records(trace, "apdus").filter(|apdu| number(apdu, "sequence") > after);
    let apdus = apdus.map(|apdu| Apdu {
        takes: names(apdu, "mtypes_in"),
        gives: names(apdu, "mtypes_out"),
        bytes: number(apdu, "bytes_in") + number(apdu, "bytes_out"),
        cpu_us: number(apdu, "cpu_us"),
        io_us: number(apdu, "io_us"),
    });
    let of_exchange = |apdu: &Apdu| {
        apdu.takes
            .iter()
            .any(|name| EXCHANGE_TAKES.contains(&name.as_str()))
    };
    let exchange = apdus.filter(of_exchange).collect();
    let status = host.etpctl(&["status"]).json()?;
    Ok(Card {
        id: host.card(),
        total: number(&status["cards"][0], "apdus"),
        exchange,
    })
}

/// What entered this host's table from a program or its card: each message of the exchange once.
fn messages(cast: &Cast, trace: &Value, after: u64) -> Vec<Message> {
    let new = records(trace, "messages").filter(|message| number(message, "sequence") > after);
    let first = new.filter(|message| message["entry"] == "app" || message["entry"] == "card");
    let shown = first.filter(|m| EXCHANGE_SHOWN.contains(&m["mtype"].as_str().unwrap_or_default()));
    shown.map(|message| line(cast, message)).collect()
}

fn line(cast: &Cast, message: &Value) -> Message {
    let who = |field: &str| cast.name_of(message[field].as_str().unwrap_or_default());
    Message {
        unix_us: number(message, "unix_us"),
        mtype: message["mtype"].as_str().unwrap_or_default().to_owned(),
        from: who("src"),
        to: who("dst"),
        bytes: number(message, "bytes"),
        cpu_us: number(message, "cpu_us"),
        io_us: number(message, "io_us"),
    }
}

/// A message that a card took cost what the card's command cost.
fn charge_cards(report: &mut Report) {
    let apdus: Vec<Apdu> = report.exchange_apdus().cloned().collect();
    for message in &mut report.messages {
        if let Some(apdu) = apdus
            .iter()
            .find(|apdu| apdu.takes.contains(&message.mtype))
        {
            (message.cpu_us, message.io_us) = (apdu.cpu_us, apdu.io_us);
        }
    }
}
