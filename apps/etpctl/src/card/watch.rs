//! `etpctl card watch`.

use std::time::Duration;

use etp_pki::scheme::utc;
use libetp::client::blocking::Connection;
use libetp::client::control::card::CardHappening;
use libetp::client::control::{ControlReply, ControlRequest};
use libetp::client::text::shown;
use serde_json::json;

use super::Watch;
use crate::control::{Daemon, Failure, print};

/// How often the daemon is asked.
const PERIOD: Duration = Duration::from_millis(100);

pub(super) fn run(daemon: &Daemon, arguments: &Watch, json: bool) -> Result<(), Failure> {
    let mut follow = Follow {
        connection: daemon.connect()?,
        after: 0,
    };
    while !arguments.all && !follow.next()?.is_empty() {}
    let domain = arguments.domain.map(|domain| domain.to_string());
    let mut left = arguments.count.unwrap_or(u64::MAX);
    loop {
        let happenings = follow.next()?;
        let is_idle = happenings.is_empty();
        let is_wanted =
            |it: &CardHappening| domain.as_ref().is_none_or(|domain| *domain == it.domain);
        for happening in happenings.into_iter().filter(is_wanted) {
            tell(&happening, json)?;
            left -= 1;
            if left == 0 {
                return Ok(());
            }
        }
        if is_idle {
            std::thread::sleep(PERIOD);
        }
    }
}

/// Where reading goes on.
struct Follow {
    connection: Connection,
    after: u64,
}

impl Follow {
    /// What came since the last time, or a part of it.
    fn next(&mut self) -> Result<Vec<CardHappening>, Failure> {
        let after = self.after;
        let request = ControlRequest::CardHappenings { after };
        let ControlReply::CardHappenings(happenings) = self.connection.control(&request)? else {
            return Err(Failure::OtherAnswer);
        };
        let last = happenings.last().map(|it| it.sequence);
        self.after = last.unwrap_or(after).max(after);
        Ok(happenings)
    }
}

fn tell(happening: &CardHappening, json: bool) -> Result<(), Failure> {
    if json {
        return print(&json!(happening));
    }
    let whose = match happening.domain.as_str() {
        "" => &happening.place,
        domain => domain,
    };
    print(&format_args!(
        "{} {} {}: {}",
        utc(happening.unix_s),
        shown(whose),
        shown(&happening.event),
        shown(&happening.detail),
    ))
}
