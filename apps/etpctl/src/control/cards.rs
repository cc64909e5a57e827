//! `etpctl cards`.

use libetp::client::control::{CardStatus, ControlReply, ControlRequest};
use serde_json::json;

use super::table::Table;
use super::{Daemon, Failure, Report};

pub(super) fn run(daemon: &Daemon) -> Result<Report, Failure> {
    match daemon.ask(&ControlRequest::Cards)? {
        ControlReply::Cards(cards) => Ok(Report {
            text: table(&cards).or("no cards"),
            json: json!({ "cards": cards }),
        }),
        _ => Err(Failure::OtherAnswer),
    }
}

pub(super) fn table(cards: &[CardStatus]) -> Table {
    let head = [
        "CARD", "STATE", "BACKEND", "CLASS", "STEP", "PORTS", "QUEUED", "APDUS", "",
    ];
    let mut table = Table::new(&head);
    for card in cards {
        table.row([
            &card.domain,
            &card.state,
            &card.backend,
            &card.class.to_string(),
            &card.generation.to_string(),
            &card.ports_left.to_string(),
            &card.queued.to_string(),
            &card.apdus.to_string(),
            &card.detail,
        ]);
    }
    table
}
