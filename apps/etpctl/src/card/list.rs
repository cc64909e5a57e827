//! `etpctl card list`.

use std::time::{SystemTime, UNIX_EPOCH};

use libetp::client::control::CardStatus;
use serde_json::json;

use super::cards;
use crate::control::{Daemon, Failure, Report, Table, duration};

pub(super) fn run(daemon: &Daemon) -> Result<Report, Failure> {
    let cards = cards(daemon)?;
    Ok(Report {
        text: table(&cards).or("no cards: add a [[card]] section to the daemon's configuration"),
        json: json!({ "cards": cards }),
    })
}

/// Cards, one in a row.
pub(crate) fn table(cards: &[CardStatus]) -> Table {
    let head = ["CARD", "STATE", "FOR", "KIND", "WAITING", "PLACE", ""];
    let mut table = Table::new(&head);
    for card in cards {
        let domain = match card.domain.as_str() {
            "" => "-",
            domain => domain,
        };
        table.row([
            domain,
            &card.state,
            &age(card.since_unix_s),
            &card.backend,
            &card.queued.to_string(),
            &card.place,
            &card.detail,
        ]);
    }
    table
}

/// How long ago that was.
pub(super) fn age(unix_s: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_s = now.unwrap_or_default().as_secs();
    match unix_s {
        0 => "-".into(),
        since => duration(now_s.saturating_sub(since)),
    }
}
