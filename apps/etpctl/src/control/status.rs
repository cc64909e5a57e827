//! `etpctl status`.

use libetp::client::control::{ControlReply, ControlRequest, LinkStatus, Status};
use libetp::client::text::shown;
use serde_json::json;

use super::table::Table;
use super::{Daemon, Failure, Report};
use crate::card;

pub(super) fn run(daemon: &Daemon) -> Result<Report, Failure> {
    match daemon.ask(&ControlRequest::Status)? {
        ControlReply::Status(status) => Ok(report(&status)),
        _ => Err(Failure::OtherAnswer),
    }
}

fn report(status: &Status) -> Report {
    let warnings: String = status
        .warnings
        .iter()
        .map(|warning| format!("WARNING  {}\n", shown(warning)))
        .collect();
    let text = format!(
        "{}{warnings}\n{}\n{}\n{}",
        head(status),
        card::table(&status.cards).or("no cards"),
        links(&status.links).or("no links"),
        counters(status),
    );
    Report {
        text,
        json: json!(status),
    }
}

fn head(status: &Status) -> String {
    let or_none = |text: &Option<String>| shown(text.as_deref().unwrap_or("none"));
    format!(
        "{} (pid {}), {}, up {}\nsocket   {}\nlistens  {}\nhost     {}\nat rest  {}\n",
        shown(&status.software),
        status.pid,
        shown(&status.state),
        duration(status.uptime_s),
        shown(&status.socket),
        or_none(&status.listen),
        or_none(&status.host_key),
        shown(&status.at_rest),
    )
}

/// Days, hours, minutes and seconds.
pub(crate) fn duration(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match days {
        0 => format!("{hours:02}:{minutes:02}:{rest:02}"),
        _ => format!("{days} d {hours:02}:{minutes:02}:{rest:02}"),
    }
}

fn links(links: &[LinkStatus]) -> Table {
    let head = [
        "LINK TO HOST",
        "ADDRESS",
        "STATE",
        "SENT",
        "RECEIVED",
        "UNACKED",
        "DETAIL",
    ];
    let mut table = Table::new(&head);
    for link in links {
        let host = link.host.get(..16).unwrap_or(&link.host);
        let detail = if link.detail == link.state {
            ""
        } else {
            &link.detail
        };
        table.row([
            host,
            &link.address,
            &link.state,
            &link.sent.to_string(),
            &link.received.to_string(),
            &link.unacknowledged.to_string(),
            detail,
        ]);
    }
    table
}

fn counters(status: &Status) -> String {
    let mut table = Table::new(&["COUNTER", "VALUE"]);
    for (name, value) in status.counters.iter().filter(|(_, value)| **value > 0) {
        table.row([name.as_str(), &value.to_string()]);
    }
    table.or("all counters are 0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(59), "00:00:59");
        assert_eq!(duration(90_061), "1 d 01:01:01");
    }
}
