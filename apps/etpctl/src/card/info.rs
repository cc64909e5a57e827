//! `etpctl card info`.

use etp_pki::scheme::utc;
use libetp::client::control::card::CardDetails;
use libetp::client::text::shown;
use serde_json::json;

use super::list::age;
use super::{Which, who};
use crate::control::{Daemon, Failure, Report};

pub(super) fn run(daemon: &Daemon, which: &Which) -> Result<Report, Failure> {
    let details = which.details(daemon)?;
    let lines = lines(&details);
    let text = lines.into_iter().map(|(name, value)| {
        let value = shown(&value);
        format!("{name:<14} {value}\n")
    });
    Ok(Report {
        text: text.collect(),
        json: json!(details),
    })
}

/// What there is to say, in the order of what people ask first.
fn lines(details: &CardDetails) -> Vec<(&'static str, String)> {
    let status = &details.status;
    let mut lines = vec![
        ("card", status.domain.clone()),
        ("state", state(details)),
        ("do", what_to_do(details).into()),
        ("served by", who::server(details)),
        ("owners", who::owners(&details.owners)),
        ("waiting", waiting(details)),
        ("class", class(status.class).into()),
        ("at rest", details.at_rest.clone()),
        ("key", status.key.clone().unwrap_or_default()),
        ("certificate", certificate(details)),
        ("boot id", details.boot_id.clone().unwrap_or_default()),
        ("transactions", transactions(details)),
        ("ports", ports(details)),
        ("sizes", sizes(details)),
        ("statements", statements(details)),
        (
            "commands",
            format!("{} APDUs since the daemon started", status.apdus),
        ),
        ("last failure", last_failure(details)),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    lines
}

fn state(details: &CardDetails) -> String {
    let status = &details.status;
    let since = format!("{} for {}", status.state, age(status.since_unix_s));
    match status.detail.as_str() {
        "" => since,
        detail => format!("{since}: {detail}"),
    }
}

/// What helps a card that is not live.
fn what_to_do(details: &CardDetails) -> &'static str {
    match (
        details.status.state.as_str(),
        details.status.backend.as_str(),
    ) {
        ("absent", _) => "put the card into its reader",
        ("gone", "process") => {
            "start the process that serves it (`systemctl status` of its unit, or `softcard serve`); \
             `etpctl doctor` looks at its socket"
        }
        ("gone", _) => "see that its directory is there and that no other program has it open",
        ("starting", _) => "wait: it is asked to prove itself",
        // The words about these say what to do themselves.
        _ => "",
    }
}

fn waiting(details: &CardDetails) -> String {
    let queued = command_line::counted(details.status.queued, "message", "messages");
    match details.away_ms_max {
        0 => format!("{queued}; none waits while it is away"),
        ms => format!("{queued}; up to {} s while it is away", ms as f64 / 1_000.0),
    }
}

fn class(class: u8) -> &'static str {
    match class {
        0 => "0: software; whoever owns the host can read it and put an older state back",
        1 => "1: software; an older state of it is found out elsewhere",
        _ => "2: hardware, attested by its maker",
    }
}

fn certificate(details: &CardDetails) -> String {
    let Some(certificate) = &details.certificate else {
        return String::new();
    };
    let (from, until) = (
        utc(certificate.not_before_unix_s),
        utc(certificate.not_after_unix_s),
    );
    let code = certificate.code_hash.as_ref();
    let code = code.map_or_else(String::new, |hash| format!(", code {hash}"));
    format!("valid {from} to {until}, epoch {}{code}", certificate.epoch)
}

/// What the witness has counted, and how much of it since the session began.
fn transactions(details: &CardDetails) -> String {
    let witnessed = details.status.generation;
    match details.selected_generation {
        Some(selected) => {
            let since = witnessed.saturating_sub(selected);
            format!("{witnessed} counted by the witness, {since} of them since the last SELECT")
        }
        None => format!("{witnessed} counted by the witness"),
    }
}

fn ports(details: &CardDetails) -> String {
    let left = command_line::counted(details.status.ports_left.into(), "port", "ports");
    format!(
        "{left} left, {} the highest so far",
        details.witness_highest_port
    )
}

fn sizes(details: &CardDetails) -> String {
    let sizes = details
        .command_data_bytes_max
        .zip(details.message_bytes_max);
    sizes.map_or_else(String::new, |(command, message)| {
        format!("{command} bytes of data in a command, {message} bytes in a message")
    })
}

fn statements(details: &CardDetails) -> String {
    match (details.suspended, details.statement) {
        (Some(number), _) => format!("number {number} says that it is at another host"),
        (None, Some(number)) => format!("number {number} says that it is here"),
        (None, None) => String::new(),
    }
}

fn last_failure(details: &CardDetails) -> String {
    let failure = details.last_failure.as_ref();
    failure.map_or_else(String::new, |it| {
        format!("{} {}: {}", utc(it.unix_s), it.event, it.detail)
    })
}
