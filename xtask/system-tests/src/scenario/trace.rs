//! What the daemons saw of a story.

use std::collections::BTreeMap;

use serde_json::Value;

use super::cast::Cast;
use super::report::{Apdu, Message, Report};
use crate::host::Host;
use crate::program::Failure;

/// Message types that a card takes, one command each.
const CARD_TAKES: &[&str] = &[
    "start-exchange",
    "accept",
    "agreement",
    "confirmation",
    "commitment",
    "cancel-offer",
    "order-resolve",
    "order-abort",
    "resolve-request",
    "abort-request",
    "outcome",
];
/// Message types that are shown beside those: what the people's programs get.
const PROGRAM_TAKES: &[&str] = &["exchange-started", "offer", "disputed", "exchange-result"];
/// How far a daemon looks back.
const RECORDS_MAX: &str = "4096";

/// Reads the daemons' traces as they grow. A trace ends with its daemon, so it is to be read before.
#[derive(Debug, Default)]
pub(crate) struct Tracer {
    /// By host: sequence numbers of the last message and the last APDU read.
    last: BTreeMap<String, (u64, u64)>,
}

impl Tracer {
    /// Passes over what is there.
    pub(crate) fn skip(&mut self, cast: &Cast) -> Result<(), Failure> {
        for host in cast.hosts() {
            let trace = trace(host)?;
            self.advance(host, &trace);
        }
        Ok(())
    }

    /// Puts what a host traced since into the report.
    pub(crate) fn read(
        &mut self,
        host: &Host,
        cast: &Cast,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let trace = trace(host)?;
        let story = report.stories.last().map_or("", |story| story.name);
        let (message, apdu) = self.last.get(&host.name).copied().unwrap_or_default();
        let apdus = apdus(story, &trace, apdu);
        let mut lines = messages(story, cast, &trace, message);
        report.messages.append(&mut lines);
        let card = report.apdus.entry(cast.name_of(&host.card())).or_default();
        card.id = host.card();
        card.exchange.extend(apdus);
        self.advance(host, &trace);
        Ok(())
    }

    /// The host's daemon is another one from now on.
    pub(crate) fn restarted(&mut self, host: &str) {
        self.last.remove(host);
    }

    fn advance(&mut self, host: &Host, trace: &Value) {
        let newest = |kind: &str| {
            let sequences = records(trace, kind).map(|record| number(record, "sequence"));
            sequences.max()
        };
        let last = self.last.entry(host.name.clone()).or_default();
        last.0 = newest("messages").unwrap_or(last.0);
        last.1 = newest("apdus").unwrap_or(last.1);
    }
}

/// Messages in order, each that a card took with what the command cost the card.
pub(crate) fn arrange(report: &mut Report) {
    report.messages.sort_by_key(|message| message.unix_us);
    let mut commands: BTreeMap<&String, Vec<&Apdu>> = BTreeMap::new();
    for (card, apdus) in &report.apdus {
        commands.insert(card, apdus.exchange.iter().collect());
    }
    for message in &mut report.messages {
        let Some(apdus) = commands.get_mut(&message.to) else {
            continue;
        };
        let taken =
            |apdu: &&Apdu| apdu.story == message.story && apdu.takes.contains(&message.mtype);
        if let Some(place) = apdus.iter().position(taken) {
            let apdu = apdus.remove(place);
            (message.cpu_us, message.io_us) = (apdu.cpu_us, apdu.io_us);
        }
    }
}

/// How many messages of a type a host has sent to others since its daemon started.
pub(crate) fn departures(host: &Host, mtype: &str) -> Result<usize, Failure> {
    let trace = trace(host)?;
    let left = records(&trace, "messages").filter(|message| message["outcome"] == "remote");
    Ok(left.filter(|message| message["mtype"] == mtype).count())
}

fn trace(host: &Host) -> Result<Value, Failure> {
    host.etpctl(&["trace", "--limit", RECORDS_MAX]).json()
}

fn records<'a>(trace: &'a Value, kind: &str) -> impl Iterator<Item = &'a Value> {
    trace[kind].as_array().into_iter().flatten()
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

fn apdus(story: &'static str, trace: &Value, after: u64) -> Vec<Apdu> {
    let new = records(trace, "apdus").filter(|apdu| number(apdu, "sequence") > after);
    let apdus = new.map(|apdu| Apdu {
        story,
        takes: names(apdu, "mtypes_in"),
        gives: names(apdu, "mtypes_out"),
        bytes: number(apdu, "bytes_in") + number(apdu, "bytes_out"),
        cpu_us: number(apdu, "cpu_us"),
        io_us: number(apdu, "io_us"),
    });
    let is_shown = |apdu: &Apdu| {
        apdu.takes
            .iter()
            .any(|name| CARD_TAKES.contains(&name.as_str()))
    };
    apdus.filter(is_shown).collect()
}

/// What entered this host's table from a program or its card: each message once.
fn messages(story: &'static str, cast: &Cast, trace: &Value, after: u64) -> Vec<Message> {
    let new = records(trace, "messages").filter(|message| number(message, "sequence") > after);
    let first = new.filter(|message| message["entry"] == "app" || message["entry"] == "card");
    let is_shown = |message: &&Value| {
        let mtype = message["mtype"].as_str().unwrap_or_default();
        CARD_TAKES.contains(&mtype) || PROGRAM_TAKES.contains(&mtype)
    };
    let shown = first.filter(is_shown);
    shown.map(|message| line(story, cast, message)).collect()
}

fn line(story: &'static str, cast: &Cast, message: &Value) -> Message {
    let who = |field: &str| cast.name_of(message[field].as_str().unwrap_or_default());
    Message {
        story,
        unix_us: number(message, "unix_us"),
        mtype: message["mtype"].as_str().unwrap_or_default().to_owned(),
        from: who("src"),
        to: who("dst"),
        bytes: number(message, "bytes"),
        cpu_us: number(message, "cpu_us"),
        io_us: number(message, "io_us"),
    }
}
