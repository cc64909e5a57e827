//! `etpctl trace`: messages and APDUs that passed, without their params.

use libetp::Mtype;
use libetp::client::aliases::Aliases;
use libetp::client::blocking::Connection;
use libetp::client::control::{ApduEntry, ControlReply, ControlRequest, Trace, TraceEntry};
use serde_json::{Value, json};

use super::table::Table;
use super::{Daemon, Failure, Report, aliases, named};

/// Most replies that are asked for: a daemon looks back on fewer records.
const PAGES_MAX: usize = 4_096;

pub(super) fn run(daemon: &Daemon, arguments: &super::Trace) -> Result<Report, Failure> {
    let aliases = aliases()?;
    let mut connection = daemon.connect()?;
    let messages: Vec<TraceEntry> = newest(&mut connection, arguments)?;
    let apdus: Vec<ApduEntry> = newest(&mut connection, arguments)?;
    let text = format!(
        "{}\n{}",
        message_table(&messages, &aliases).or("no messages"),
        apdu_table(&apdus).or("no APDUs"),
    );
    let messages: Vec<Value> = messages.iter().map(message).collect();
    let apdus: Vec<Value> = apdus.iter().map(apdu).collect();
    let json = json!({ "messages": messages, "apdus": apdus });
    Ok(Report { text, json })
}

/// The newest records. The daemon gives them oldest first, a reply full at a time.
fn newest<T: Record>(
    connection: &mut Connection,
    arguments: &super::Trace,
) -> Result<Vec<T>, Failure> {
    let mut after = arguments.after;
    let mut records = Vec::new();
    for _ in 0..PAGES_MAX {
        let request = ControlRequest::Trace {
            after,
            limit: u32::MAX,
        };
        let ControlReply::Trace(trace) = connection.control(&request)? else {
            return Err(Failure::OtherAnswer);
        };
        let page = T::of(trace);
        let Some(last) = page
            .last()
            .map(Record::sequence)
            .filter(|last| *last > after)
        else {
            break;
        };
        after = last;
        records.extend(page);
    }
    let surplus = records.len().saturating_sub(arguments.limit as usize);
    records.drain(..surplus);
    Ok(records)
}

/// A record with its number.
trait Record: Sized {
    fn of(trace: Trace) -> Vec<Self>;
    fn sequence(&self) -> u64;
}

impl Record for TraceEntry {
    fn of(trace: Trace) -> Vec<Self> {
        trace.messages
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Record for ApduEntry {
    fn of(trace: Trace) -> Vec<Self> {
        trace.apdus
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }
}

fn name(mtype: u16) -> String {
    Mtype(mtype).to_string()
}

fn names(mtypes: &[u16]) -> Vec<String> {
    mtypes.iter().map(|mtype| name(*mtype)).collect()
}

/// The record with types by name.
fn message(entry: &TraceEntry) -> Value {
    let mut value = json!(entry);
    value["mtype"] = name(entry.mtype).into();
    value
}

fn apdu(entry: &ApduEntry) -> Value {
    let mut value = json!(entry);
    value["mtypes_in"] = names(&entry.mtypes_in).into();
    value["mtypes_out"] = names(&entry.mtypes_out).into();
    value
}

/// Time of day in UTC, to the microsecond.
fn time(unix_us: u64) -> String {
    let (seconds, micros) = (unix_us / 1_000_000, unix_us % 1_000_000);
    let (hours, minutes) = (seconds / 3_600 % 24, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{micros:06}", seconds % 60)
}

fn message_table(entries: &[TraceEntry], aliases: &Aliases) -> Table {
    let head = [
        "#", "TIME", "TYPE", "FROM", "TO", "BYTES", "CPU US", "I/O US", "IN", "OUTCOME",
    ];
    let mut table = Table::new(&head);
    for entry in entries {
        table.row([
            &entry.sequence.to_string(),
            &time(entry.unix_us),
            &name(entry.mtype),
            &named(aliases, &entry.src),
            &named(aliases, &entry.dst),
            &entry.bytes.to_string(),
            &entry.cpu_us.to_string(),
            &entry.io_us.to_string(),
            &entry.entry,
            &entry.outcome,
        ]);
    }
    table
}

fn apdu_table(entries: &[ApduEntry]) -> Table {
    let head = [
        "#", "TIME", "CARD", "COMMAND", "BYTES", "RESPONSE", "BYTES", "CPU US", "I/O US",
    ];
    let mut table = Table::new(&head);
    for entry in entries {
        table.row([
            &entry.sequence.to_string(),
            &time(entry.unix_us),
            &entry.domain,
            &names(&entry.mtypes_in).join(" "),
            &entry.bytes_in.to_string(),
            &names(&entry.mtypes_out).join(" "),
            &entry.bytes_out.to_string(),
            &entry.cpu_us.to_string(),
            &entry.io_us.to_string(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_names_types() {
        let entry = TraceEntry {
            mtype: Mtype::OFFER.0,
            ..TraceEntry::default()
        };
        assert_eq!(message(&entry)["mtype"], "offer");
        let entry = ApduEntry {
            mtypes_in: vec![Mtype::AUTH.0, 0xC0FE],
            ..ApduEntry::default()
        };
        assert_eq!(apdu(&entry)["mtypes_in"], json!(["auth", "0xc0fe"]));
        assert_eq!(time(86_399_000_001), "23:59:59.000001");
    }
}
