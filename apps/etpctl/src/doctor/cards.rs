//! Cards: as the daemon says, or as far as their files tell without one.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use command_line::counted;
use libetp::client::Trust;
use libetp::client::control::CardStatus;

use super::config::{Config, Home};
use super::finding::Finding;
use super::{Facts, pcsc};

/// Nobody but the owner.
const OTHERS: u32 = 0o077;

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let homes = facts.config.iter().flat_map(|config| {
        let of = move |home: &Home| place(home, config);
        config.cards.iter().map(of)
    });
    let mut findings: Vec<_> = homes.collect();
    let Some(status) = &facts.status else {
        return findings;
    };
    if status.cards.is_empty() {
        findings.push(Finding::warn(
            "cards",
            "there is none, and programs get their ids from a card",
            "add a [[card]] section (`etpctl scheme enrol card` makes a card), and restart the daemon",
        ));
    }
    findings.extend(status.cards.iter().map(card));
    findings.extend(facts.cards.iter().filter_map(pcsc::reader));
    findings
}

/// How the daemon finds the card.
fn card(card: &CardStatus) -> Finding {
    let what = match card.domain.as_str() {
        "" => format!("card at {}", card.place),
        domain => format!("card {domain}"),
    };
    let waiting = match card.queued {
        0 => String::new(),
        queued => format!(", {} waiting", counted(queued, "message", "messages")),
    };
    let found = format!("{}{waiting}: {}", card.state, card.detail);
    let found = found.trim_end_matches(": ").to_owned();
    match card.state.as_str() {
        "live" => Finding::ok(what, found),
        "starting" => Finding::warn(what, found, "wait some seconds and look again"),
        "absent" => Finding::warn(what, found, "put the card into its reader"),
        "gone" if card.backend == "process" => Finding::bad(
            what,
            found,
            format!("start the process that serves it at {}", card.place),
        ),
        "gone" => Finding::bad(
            what,
            found,
            format!(
                "see that {} is there, and that nothing else has it open",
                card.place
            ),
        ),
        state => Finding::bad(
            what,
            found,
            format!("`etpctl card info` says more of a {state} card"),
        ),
    }
}

/// The directory or socket of a card.
fn place(home: &Home, config: &Config) -> Finding {
    match home {
        Home::Soft { directory } => soft(directory),
        Home::Process { socket, uid } => process(socket, *uid, config),
    }
}

fn soft(directory: &Path) -> Finding {
    let what = format!("card directory {}", directory.display());
    match std::fs::metadata(directory) {
        Err(error) => Finding::bad(
            what,
            error.to_string(),
            "make the card with `etpctl scheme enrol card`, or correct `directory`",
        ),
        Ok(found) if !found.is_dir() => Finding::bad(
            what,
            "it is no directory",
            "correct `directory` of the [[card]]",
        ),
        Ok(found) if found.mode() & OTHERS != 0 => Finding::bad(
            what,
            format!("others may enter it (mode {:o})", found.mode() & 0o7777),
            format!("chmod 700 {}", directory.display()),
        ),
        Ok(found) => Finding::ok(what, format!("of user {}, closed to others", found.uid())),
    }
}

/// Looks as the daemon does, and does not connect: a process serves one daemon at a time.
fn process(socket: &Path, uid: Option<u32>, config: &Config) -> Finding {
    let what = format!("card socket {}", socket.display());
    let daemon = std::fs::metadata(&config.state).map(|state| state.uid());
    let users = uid.into_iter().chain(daemon.ok());
    let trust = users.fold(Trust::default(), Trust::and);
    match trust.look(socket) {
        Ok(()) => Finding::ok(
            what,
            "it is there, and belongs to a user that the daemon trusts",
        ),
        Err(error) if is_missing(&error) => Finding::bad(
            what,
            "nobody listens there",
            "start the process that serves the card: `softcard serve`, or etp-card-proxy for a reader",
        ),
        Err(error) => Finding::bad(
            what,
            error.to_string(),
            "socket and directory belong to root, the daemon's user or `uid` of the [[card]], and nobody else may \
             write to the directory (chmod 755)",
        ),
    }
}

fn is_missing(error: &libetp::local::ConnectError) -> bool {
    use std::io::ErrorKind::NotFound;
    matches!(error, libetp::local::ConnectError::Io { error, .. } if error.kind() == NotFound)
}
