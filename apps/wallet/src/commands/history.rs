//! `wallet history`: the story of every exchange.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::failure::Failure;
use crate::mail::Wallet;
use crate::output::Report;
use crate::records::{Exchange, Side, Step};
use crate::values::Hex32;

pub(super) fn run(cli: &Cli) -> Result<Report, Failure> {
    let wallet = Wallet::open(cli)?;
    let records = &wallet.records;
    let mut text: String = records.exchanges.iter().map(story).collect();
    text.extend(records.events.iter().map(|event| line(event, "")));
    if text.is_empty() {
        text.push_str("Nothing happened yet.");
    }
    let exchanges: Vec<Value> = records.exchanges.iter().map(entry).collect();
    let json = json!({ "exchanges": exchanges, "events": records.events });
    Ok(Report::new(text, json))
}

/// The report of a command about one exchange.
pub(super) fn one(wallet: &Wallet, n1: Hex32) -> Result<Report, Failure> {
    let found = wallet.records.by_n1(n1);
    Ok(found.map_or_else(
        || Report::new("", Value::Null),
        |exchange| Report::new(story(exchange), entry(exchange)),
    ))
}

fn story(exchange: &Exchange) -> String {
    let verb = match exchange.side {
        Side::Offered => "offered to",
        Side::Received => "offered by",
    };
    let head = format!(
        "{}  {} {verb} {}: {}\n   give {}\n   want {}\n",
        exchange.number,
        exchange.n1.short(),
        exchange.peer_text(),
        exchange.state.name(),
        exchange.give,
        exchange.want,
    );
    let steps: String = exchange
        .story
        .iter()
        .map(|step| line(step, "   "))
        .collect();
    head + &steps
}

fn line(step: &Step, indent: &str) -> String {
    format!(
        "{indent}{}  {}\n",
        etp_pki::scheme::utc(step.unix_s),
        step.what
    )
}

fn entry(exchange: &Exchange) -> Value {
    json!({
        "number": exchange.number,
        "n1": exchange.n1,
        "side": exchange.side,
        "peer": exchange.peer,
        "give": exchange.give,
        "want": exchange.want,
        "state": exchange.state,
        "outcome": exchange.state.is_final().then_some(exchange.state),
        "story": exchange.story,
    })
}
