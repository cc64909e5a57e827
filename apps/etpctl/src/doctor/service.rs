//! The daemon and its socket.

use std::io::ErrorKind;

use libetp::client::ClientError;
use libetp::client::control::{ControlReply, ControlRequest, Status};
use libetp::frame::body::RequestError;

use super::finding::Finding;
use crate::control::{Daemon, Failure};

const WHAT: &str = "service";

/// Asks the daemon how it is.
pub(super) fn examine(daemon: &Daemon) -> (Option<Status>, Vec<Finding>) {
    let status = match daemon.ask(&ControlRequest::Status) {
        Ok(ControlReply::Status(status)) => *status,
        Ok(_) => return (None, vec![failed(&Failure::OtherAnswer)]),
        Err(failure) => return (None, vec![failed(&failure)]),
    };
    let finding = match status.state.as_str() {
        "running" => Finding::ok(
            WHAT,
            format!("{} runs, pid {}", status.software, status.pid),
        ),
        state => Finding::warn(
            WHAT,
            format!("{} is {state}", status.software),
            "wait until it has ended, then start it: systemctl start dispatchd",
        ),
    };
    let mut findings = vec![finding];
    findings.extend(at_rest(&status));
    (Some(status), findings)
}

fn at_rest(status: &Status) -> Option<Finding> {
    let is_open = status.at_rest == "none" && !status.cards.is_empty();
    is_open.then(|| {
        Finding::warn(
            "at rest",
            "whoever copies a card's directory has its keys",
            "give its [[card]] a device_key",
        )
    })
}

fn failed(failure: &Failure) -> Finding {
    let found = failure.to_string();
    match failure {
        Failure::Client(ClientError::Untrusted { .. }) => Finding::bad(
            "socket",
            found,
            "see who put it there; its directory belongs to root or the daemon's user, with mode 0755; a daemon \
             of another user that you trust: --daemon-uid UID",
        ),
        Failure::Client(ClientError::Connect { error, .. }) => match error.kind() {
            ErrorKind::PermissionDenied => Finding::bad(
                "socket",
                found,
                "you may not connect: see socket_mode in [daemon], and the modes of its directories",
            ),
            _ => Finding::bad(
                WHAT,
                found,
                "start the daemon (systemctl start dispatchd), or name its socket with --socket",
            ),
        },
        Failure::Client(error) if error.reason() == Some(RequestError::Forbidden) => Finding::warn(
            WHAT,
            "it runs, and does not tell this user how it is",
            "run this as root, or add your uid to [admin] uids",
        ),
        _ => Finding::bad(WHAT, found, "see its log: journalctl -u dispatchd"),
    }
}
