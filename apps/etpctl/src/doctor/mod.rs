//! `etpctl doctor`: looks at everything that a host needs, and says what is wrong and how to mend it.
//!
//! It only looks. What the daemon knows is asked of the daemon; without one, the rest is looked at all the same.

mod cards;
mod certificates;
mod clock;
mod config;
mod finding;
mod pcsc;
mod routes;
mod service;

use std::path::PathBuf;

use clap::Args;
use libetp::client::control::card::CardDetails;
use libetp::client::control::{ControlReply, ControlRequest, Status};
use serde_json::json;

use crate::control::{Daemon, Failure, Report, print_report};
use config::Config;
use finding::{Finding, Level};

/// Where a daemon's configuration lies, if nobody says otherwise.
const CONFIG_PATH: &str = "/etc/tenet/dispatchd.toml";

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The daemon's configuration, whose socket is then the one that is asked [default:
    /// /etc/tenet/dispatchd.toml]
    #[arg(long)]
    config: Option<PathBuf>,
    /// The daemon's program, which checks the configuration [default: the one beside this program, or in PATH]
    #[arg(long, value_name = "PROGRAM")]
    dispatchd: Option<PathBuf>,
    /// Look for the files of the system (those of pcscd and polkit) under this directory
    #[arg(long, default_value = "/")]
    root: PathBuf,
}

/// What there is to judge by.
struct Facts {
    /// The configuration, if it can be read.
    config: Option<Config>,
    /// What the daemon says of itself, if it does.
    status: Option<Status>,
    /// And of its cards.
    cards: Vec<CardDetails>,
    now_unix_s: u64,
    root: PathBuf,
}

/// Looks at everything and prints what was found; whether nothing is bad.
///
/// # Errors
/// [`Failure`] if the result cannot be printed.
pub(crate) fn run(daemon: &Daemon, arguments: &Doctor, json: bool) -> Result<bool, Failure> {
    let findings = examine(daemon, arguments);
    let is_well = findings.iter().all(|finding| finding.level != Level::Bad);
    let text: String = findings
        .iter()
        .map(|finding| format!("{finding}\n"))
        .collect();
    let json_report = json!({ "ok": is_well, "findings": findings });
    let report = Report {
        text,
        json: json_report,
    };
    print_report(&report, json)?;
    Ok(is_well)
}

fn examine(daemon: &Daemon, arguments: &Doctor) -> Vec<Finding> {
    let path = arguments.config.clone();
    let path = path.unwrap_or_else(|| CONFIG_PATH.into());
    let (config, mut findings) = config::examine(&path, arguments.dispatchd.as_deref());
    let configured = config.as_ref().filter(|_| arguments.config.is_some());
    let socket = configured.map(|config| config.socket.clone());
    let daemon = socket.map_or_else(|| daemon.clone(), |socket| daemon.at(socket));
    let (status, of_service) = service::examine(&daemon);
    findings.extend(of_service);
    let facts = Facts {
        cards: status
            .as_ref()
            .map_or_else(Vec::new, |it| details(&daemon, it)),
        config,
        status,
        now_unix_s: etp_pki::scheme::now().unwrap_or_default(),
        root: arguments.root.clone(),
    };
    for examine in [
        cards::examine,
        pcsc::examine,
        certificates::examine,
        clock::examine,
        routes::examine,
    ] {
        findings.extend(examine(&facts));
    }
    findings
}

/// What the daemon says of each card that has said its domain.
fn details(daemon: &Daemon, status: &Status) -> Vec<CardDetails> {
    let domains = status.cards.iter().map(|card| card.domain.clone());
    let named = domains.filter(|domain| !domain.is_empty());
    let ask = |domain| match daemon.ask(&ControlRequest::Card { domain }) {
        Ok(ControlReply::Card(Some(details))) => Some(*details),
        _ => None,
    };
    named.filter_map(ask).collect()
}
