//! Readers, as processes that lead to them say, and what is to be seen of pcscd and polkit. Nothing is asked of
//! pcscd.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use libetp::client::control::card::CardDetails;

use super::Facts;
use super::config::Home;
use super::finding::Finding;

/// Where pcscd listens, unless the environment names another socket.
const SOCKET: &str = "run/pcscd/pcscd.comm";
/// Names that socket to every program that uses PC/SC.
const SOCKET_VARIABLE: &str = "PCSCLITE_CSOCK_NAME";
/// What makes the usual socket.
const START: &str = "apt install pcscd, systemctl enable --now pcscd.socket; if pcscd listens elsewhere, name its \
     socket in PCSCLITE_CSOCK_NAME";
/// Says that pcscd asks polkit who may use readers.
const POLICY: &str = "usr/share/polkit-1/actions/org.debian.pcsc-lite.policy";
/// Where rules for polkit are.
const RULES: [&str; 2] = ["etc/polkit-1/rules.d", "usr/share/polkit-1/rules.d"];
/// What a rule about readers names.
const ACTION: &str = "org.debian.pcsc-lite";
/// The program between pcscd and the daemon.
const PROXY: &str = "etp-card-proxy";

/// What the process that serves a card says of itself and its reader.
pub(super) fn reader(card: &CardDetails) -> Option<Finding> {
    let what = format!("reader of {}", card.status.domain);
    let pid = card.server_pid.filter(|_| !card.server.is_empty())?;
    let found = format!("{} (pid {pid})", card.server);
    Some(Finding::ok(what, found))
}

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![socket(facts)];
    findings.extend(polkit(&facts.root));
    findings
}

fn socket(facts: &Facts) -> Finding {
    let (path, mend) = place(&facts.root);
    let is_socket = fs::metadata(&path).is_ok_and(|found| found.file_type().is_socket());
    let (what, path) = ("pcscd", path.display());
    match (is_socket, wants_readers(facts)) {
        (true, _) => Finding::ok(what, format!("its socket {path} is there")),
        (false, Some(true)) if is_used(facts) => Finding::ok(
            what,
            format!(
                "{path} is not there; a card in a reader is live, so its process uses another one"
            ),
        ),
        (false, Some(true)) => {
            let found = format!("a card is in a reader, and {path} is not there");
            Finding::bad(what, found, mend)
        }
        (false, Some(false)) => {
            let found = format!("{path} is not there, and no card wants a reader");
            Finding::ok(what, found)
        }
        (false, None) => Finding::warn(
            what,
            format!("{path} is not there; nobody says whether a card wants a reader"),
            format!("if one does: {mend}"),
        ),
    }
}

/// The socket that programs of this environment use, and what makes it.
fn place(root: &Path) -> (PathBuf, String) {
    match env::var_os(SOCKET_VARIABLE) {
        Some(path) => {
            let mend = format!("start the pcscd that listens there, or unset {SOCKET_VARIABLE}");
            (path.into(), mend)
        }
        None => (root.join(SOCKET), START.into()),
    }
}

/// Whether a card in a reader is live.
fn is_used(facts: &Facts) -> bool {
    let is_live = |card: &CardDetails| is_in_reader(card) && card.status.state == "live";
    facts.cards.iter().any(is_live)
}

fn is_in_reader(card: &CardDetails) -> bool {
    card.server.starts_with(PROXY)
}

/// Whether a card is reached by way of a reader; `None` if its process cannot be asked.
fn wants_readers(facts: &Facts) -> Option<bool> {
    if facts.cards.iter().any(is_in_reader) {
        return Some(true);
    }
    let is_process = |home: &Home| matches!(home, Home::Process { .. });
    let homes = facts.config.as_ref().map(|config| &config.cards);
    let may = homes.is_none_or(|homes| homes.iter().any(is_process));
    let all_answer = facts
        .cards
        .iter()
        .all(|card| card.status.backend != "process" || !card.server.is_empty());
    match may {
        true if facts.cards.is_empty() || !all_answer => None,
        _ => Some(false),
    }
}

/// Where pcscd asks polkit, users beside root need a rule.
fn polkit(root: &Path) -> Option<Finding> {
    if !root.join(POLICY).exists() {
        return None;
    }
    let what = "polkit";
    let mut unread = None;
    for directory in RULES.map(|rules| root.join(rules)) {
        match has_rule(&directory) {
            Ok(true) => return Some(Finding::ok(what, "a rule is there for readers")),
            Ok(false) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => unread = Some(format!("{}: {error}", directory.display())),
        }
    }
    Some(match unread {
        Some(found) => Finding::warn(what, found, "run this as root to see its rules"),
        None => Finding::warn(
            what,
            "no rule lets anybody but root and who sits at the host use readers",
            "copy proxies/pcsc/dist/50-tenet-card.rules to /etc/polkit-1/rules.d, or run etp-card-proxy as root",
        ),
    })
}

fn has_rule(directory: &Path) -> std::io::Result<bool> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let is_rule = path
            .extension()
            .is_some_and(|extension| extension == "rules");
        if is_rule && fs::read_to_string(&path)?.contains(ACTION) {
            return Ok(true);
        }
    }
    Ok(false)
}
