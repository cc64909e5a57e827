//! `etpctl card who`.

use std::fmt::Write;

use libetp::client::control::card::CardDetails;
use libetp::client::control::{ControlReply, ControlRequest, IdEntry};
use libetp::client::text::shown;
use serde_json::json;

use super::Which;
use crate::control::{Daemon, Failure, Report, Table, aliases, named};

pub(super) fn run(daemon: &Daemon, which: &Which) -> Result<Report, Failure> {
    let details = which.details(daemon)?;
    let ControlReply::Ids(mut ids) = daemon.ask(&ControlRequest::Ids)? else {
        return Err(Failure::OtherAnswer);
    };
    let prefix = format!("{}:", details.status.domain);
    ids.retain(|id| id.id.starts_with(&prefix));
    Ok(Report {
        text: text(&details, &ids)?,
        json: json!({
            "domain": details.status.domain,
            "place": details.status.place,
            "server": details.server,
            "server_pid": details.server_pid,
            "server_uid": details.server_uid,
            "owners": details.owners,
            "authenticated": details.authenticated,
            "ids": ids,
        }),
    })
}

fn text(details: &CardDetails, ids: &[IdEntry]) -> Result<String, Failure> {
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = writeln!(text, "card       {}", shown(&details.status.domain));
    let _ = writeln!(text, "served by  {}", server(details));
    let _ = writeln!(text, "owners     {}", owners(&details.owners));
    text += &programs(details, ids)?.or("no program has an id of it");
    Ok(text)
}

/// Who has the way to the card.
pub(super) fn server(details: &CardDetails) -> String {
    let place = shown(&details.status.place);
    match (details.server_pid, details.server_uid) {
        (Some(pid), Some(uid)) => {
            let name = match details.server.as_str() {
                "" => "a process".into(),
                name => shown(name),
            };
            format!("{name} (pid {pid}, user {uid}) at {place}")
        }
        _ if details.status.backend == "embedded" => format!("dispatchd itself, from {place}"),
        _ => format!("nobody at {place}"),
    }
}

/// Users whose programs may authenticate.
pub(super) fn owners(uids: &[u32]) -> String {
    let uids: Vec<_> = uids.iter().map(|uid| format!("user {uid}")).collect();
    match uids.as_slice() {
        [] => "nobody: name users in `owners` of its [[card]] section".into(),
        uids => uids.join(", "),
    }
}

fn programs(details: &CardDetails, ids: &[IdEntry]) -> Result<Table, Failure> {
    let aliases = aliases()?;
    let mut table = Table::new(&["ID", "PROGRAM", "UID", "PID", "AUTHENTICATED", "WAITING"]);
    for id in ids {
        let pid = id.pid.map_or_else(|| "-".into(), |pid| pid.to_string());
        let is_authenticated = details.authenticated.contains(&id.id);
        table.row([
            &named(&aliases, &id.id),
            &id.name,
            &id.uid.to_string(),
            &pid,
            &(if is_authenticated { "yes" } else { "no" }).to_owned(),
            &id.waiting.to_string(),
        ]);
    }
    Ok(table)
}
