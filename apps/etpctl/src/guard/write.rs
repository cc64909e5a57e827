//! Messages that were judged, in words.

use guard_policies::capture::Captured;
use guard_policies::{Entry, Record};
use libetp::client::aliases::Aliases;
use libetp::client::text::hex;
use serde_json::{Value, json};

use crate::control::named;

/// What tables of messages have in their first columns.
const COLUMNS: [&str; 6] = ["TIME", "TYPE", "FROM", "TO", "BYTES", "IN"];

/// The head of a table of messages, with further columns.
pub(super) fn head<'h>(further: &[&'h str]) -> Vec<&'h str> {
    COLUMNS.iter().chain(further).copied().collect()
}

/// A message for a table, a line or a document. One that is not known is shown as such.
pub(super) struct Row {
    cells: [String; 6],
    value: Value,
}

impl Row {
    pub(super) fn new(message: Option<&Captured>, aliases: &Aliases) -> Self {
        let Some(Captured { record, .. }) = message else {
            let unknown = || "?".to_owned();
            return Self {
                cells: std::array::from_fn(|_| unknown()),
                value: json!({}),
            };
        };
        let header = record.header;
        let cells = [
            time(record.now.unix_s),
            header.mtype.to_string(),
            named(aliases, &header.src.to_string()),
            named(aliases, &header.dst.to_string()),
            record.size.to_string(),
            entry(record.entry),
        ];
        Self {
            cells,
            value: value(record),
        }
    }

    /// With further cells.
    pub(super) fn cells<'r>(&'r self, further: &[&'r str]) -> Vec<&'r str> {
        let own = self.cells.iter().map(String::as_str);
        own.chain(further.iter().copied()).collect()
    }

    /// `12:00:00 ping from .. to .., 51 bytes, app uid 1000`.
    pub(super) fn line(&self) -> String {
        let [time, mtype, src, dst, bytes, entry] = &self.cells;
        format!("{time} {mtype} from {src} to {dst}, {bytes} bytes, {entry}")
    }

    /// With further fields.
    pub(super) fn value(&self, further: Value) -> Value {
        let mut value = self.value.clone();
        if let (Value::Object(all), Value::Object(further)) = (&mut value, further) {
            all.extend(further);
        }
        value
    }
}

fn value(record: &Record) -> Value {
    let header = record.header;
    json!({
        "unix_s": record.now.unix_s,
        "mtype": header.mtype.to_string(),
        "src": header.src.to_string(),
        "dst": header.dst.to_string(),
        "bytes": record.size,
        "entry": record.entry.name(),
    })
}

/// Where it came in, and from whom.
fn entry(entry: Entry) -> String {
    match entry {
        Entry::App { principal, .. } => format!("app uid {}", principal.uid),
        Entry::Card(domain) => format!("card {domain}"),
        Entry::Remote(host) => format!("remote {}", &hex(&host)[..16]),
        Entry::Host => "host".into(),
    }
}

/// Time of day in UTC.
fn time(unix_s: u64) -> String {
    let (hours, minutes) = (unix_s / 3_600 % 24, unix_s / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", unix_s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_day() {
        assert_eq!(time(86_399), "23:59:59");
        assert_eq!(time(86_400), "00:00:00");
    }

    #[test]
    fn a_message_that_is_not_known_is_shown_as_such() {
        let row = Row::new(None, &Aliases::default());
        assert!(row.line().starts_with("? ? from ? to ?"));
        assert_eq!(row.cells(&["x"]).len(), head(&["X"]).len());
    }
}
