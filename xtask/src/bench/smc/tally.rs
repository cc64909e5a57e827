//! What daemons saw of a session.

use serde_json::Value;
use system_tests::Host;

use super::member::{Moment, Told};
use super::words;
use crate::shell::Result;

/// How far a daemon looks back.
const RECORDS_MAX: usize = 4_096;

/// When a session was where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    began: Moment,
    /// All links are up at all members.
    linked: Moment,
    ended: Moment,
}

impl Span {
    /// From the first order to the last result; `None` without members.
    pub(super) fn of(told: &[Told]) -> Option<Self> {
        let first = told.iter().map(|it| it.began).min_by_key(|it| it.at)?;
        let linked = told.iter().map(|it| it.linked).max_by_key(|it| it.at)?;
        let ended = told.iter().map(|it| it.ended).max_by_key(|it| it.at)?;
        Some(Self {
            began: first,
            linked,
            ended,
        })
    }
}

/// A part of a session, all hosts together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    pub(super) elapsed_us: f64,
    /// From host to host.
    pub(super) messages: u64,
    pub(super) bytes: u64,
    /// To cards.
    pub(super) commands: u64,
    pub(super) cards_cpu_us: u64,
    pub(super) cards_io_us: u64,
}

/// What is known so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    span: Span,
    setup: Part,
    computing: Part,
}

impl Tally {
    pub(super) fn new(span: Span) -> Self {
        let elapsed = |from: Moment, to: Moment| {
            let elapsed = to.at.duration_since(from.at);
            Part {
                elapsed_us: elapsed.as_secs_f64() * 1e6,
                ..Part::default()
            }
        };
        Self {
            span,
            setup: elapsed(span.began, span.linked),
            computing: elapsed(span.linked, span.ended),
        }
    }

    /// Set-up, and the rounds.
    pub(super) fn parts(self) -> (Part, Part) {
        (self.setup, self.computing)
    }

    /// Adds what passed one host. Packets are counted with the rounds, everything else that cards say to other hosts
    /// with the set-up; commands to cards by when they were answered.
    pub(super) fn add(&mut self, host: &Host) -> Result {
        let limit = RECORDS_MAX.to_string();
        let trace = host.etpctl(&["trace", "--limit", &limit]);
        let trace = trace.json().map_err(words)?;
        let sent = |message: &&Value| {
            let is_to_other = !text(message, "dst").starts_with(host.domain());
            text(message, "entry") == "card" && is_to_other
        };
        for message in self.during(&trace["messages"])?.iter().filter(sent) {
            let part = match text(message, "mtype") {
                "session-packet" => &mut self.computing,
                _ => &mut self.setup,
            };
            part.messages += 1;
            part.bytes += number(message, "bytes");
        }
        for apdu in self.during(&trace["apdus"])? {
            let is_setup = number(&apdu, "unix_us") <= self.span.linked.unix_us;
            let part = match is_setup {
                true => &mut self.setup,
                false => &mut self.computing,
            };
            part.commands += 1;
            part.cards_cpu_us += number(&apdu, "cpu_us");
            part.cards_io_us += number(&apdu, "io_us");
        }
        Ok(())
    }

    /// Records of the session.
    fn during(&self, records: &Value) -> Result<Vec<Value>> {
        let records = records.as_array().map(Vec::as_slice).unwrap_or_default();
        let at = |record: &Value| number(record, "unix_us");
        let first = records.first().map_or(0, at);
        if records.len() >= RECORDS_MAX && first >= self.span.began.unix_us {
            return Err("a daemon does not look back on a whole session".into());
        }
        let during = self.span.began.unix_us..=self.span.ended.unix_us;
        let records = records.iter().filter(|record| during.contains(&at(record)));
        Ok(records.cloned().collect())
    }
}

fn number(record: &Value, field: &str) -> u64 {
    record[field].as_u64().unwrap_or(0)
}

fn text<'v>(record: &'v Value, field: &str) -> &'v str {
    record[field].as_str().unwrap_or_default()
}
