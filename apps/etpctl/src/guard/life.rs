//! `etpctl guard reload` and `rollback`.

use libetp::client::control::guard::Request;
use libetp::client::text::shown;
use serde_json::json;

use super::Failure;
use super::session::Session;
use crate::control::{Daemon, Report};

pub(super) fn reload(daemon: &Daemon) -> Result<Report, Failure> {
    ordered(daemon, Request::Reload)
}

pub(super) fn rollback(daemon: &Daemon) -> Result<Report, Failure> {
    ordered(daemon, Request::Rollback)
}

/// Has something done about the chain; what is in force then.
pub(super) fn ordered(daemon: &Daemon, request: Request) -> Result<Report, Failure> {
    let mut session = Session::open(daemon)?;
    let words = session.order(request)?;
    let chain = session.chain()?;
    Ok(Report {
        text: shown(&words),
        json: json!({ "done": words, "generation": chain.generation, "previous": chain.previous }),
    })
}
