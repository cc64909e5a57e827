//! `etpctl ids`.

use libetp::client::aliases::Aliases;
use libetp::client::control::{ControlReply, ControlRequest, IdEntry};
use serde_json::json;

use super::table::Table;
use super::{Daemon, Failure, Report, aliases, named};

pub(super) fn run(daemon: &Daemon) -> Result<Report, Failure> {
    let aliases = aliases()?;
    match daemon.ask(&ControlRequest::Ids)? {
        ControlReply::Ids(ids) => Ok(Report {
            text: table(&ids, &aliases).or("no ids are acquired"),
            json: json!({ "ids": ids }),
        }),
        _ => Err(Failure::OtherAnswer),
    }
}

fn table(ids: &[IdEntry], aliases: &Aliases) -> Table {
    let head = [
        "ID", "NAME", "UID", "PID", "KIND", "DERIVED", "WAITING", "BYTES",
    ];
    let mut table = Table::new(&head);
    for id in ids {
        let kind = match (id.durable, id.connected) {
            (true, true) => "durable",
            (true, false) => "durable, away",
            (false, _) => "passing",
        };
        let pid = id.pid.map_or_else(|| "-".into(), |pid| pid.to_string());
        table.row([
            &named(aliases, &id.id),
            &id.name,
            &id.uid.to_string(),
            &pid,
            kind,
            &id.derived.to_string(),
            &id.waiting.to_string(),
            &id.waiting_bytes.to_string(),
        ]);
    }
    table
}
