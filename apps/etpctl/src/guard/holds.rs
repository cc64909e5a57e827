//! `etpctl guard holds`, `approve` and `deny`.

use libetp::Mtype;
use libetp::client::aliases::Aliases;
use libetp::client::control::guard::{Held, Request};
use libetp::client::text::shown;
use serde_json::{Value, json};

use super::Failure;
use super::session::Session;
use crate::control::{Daemon, Report, Table, aliases, named};

pub(super) fn run(daemon: &Daemon) -> Result<Report, Failure> {
    let aliases = aliases()?;
    let held = Session::open(daemon)?.held()?;
    let values: Vec<Value> = held.iter().map(value).collect();
    Ok(Report {
        text: table(&held, &aliases).or("no message waits for an answer"),
        json: json!({ "holds": values }),
    })
}

pub(super) fn decide(daemon: &Daemon, ticket: u64, approve: bool) -> Result<Report, Failure> {
    let mut session = Session::open(daemon)?;
    let words = session.order(Request::Decide { ticket, approve })?;
    Ok(Report {
        text: shown(&words),
        json: json!({ "done": words, "number": ticket, "approved": approve }),
    })
}

fn value(held: &Held) -> Value {
    let mut value = json!(held);
    value["mtype"] = Mtype(held.mtype).to_string().into();
    value
}

fn table(all: &[Held], aliases: &Aliases) -> Table {
    let head = [
        "NUMBER", "TYPE", "FROM", "TO", "BYTES", "IN", "POLICY", "REASON", "ASKED", "LEFT S",
        "BEHIND", "SHA-256",
    ];
    let mut table = Table::new(&head);
    for held in all {
        table.row([
            &held.ticket.to_string(),
            &Mtype(held.mtype).to_string(),
            &named(aliases, &held.src),
            &named(aliases, &held.dst),
            &held.bytes.to_string(),
            &held.entry,
            &held.policy,
            &held.reason,
            &named(aliases, &held.approver),
            &held.left_ms.div_ceil(1_000).to_string(),
            &held.behind.to_string(),
            held.digest.get(..16).unwrap_or(&held.digest),
        ]);
    }
    table
}
