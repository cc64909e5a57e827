//! `wallet history`: the story of every exchange.

use serde_json::{Value, json};

use crate::cli::Cli;
use crate::mail::Wallet;
use crate::output::Report;
use crate::program::Failure;
use crate::records::{Exchange, Side, State, Step};
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
    Ok(Report::new(text, json).proposing(records))
}

/// The report of a command about an offer: of its newest exchange.
pub(super) fn one(wallet: &Wallet, n1: Hex32) -> Result<Report, Failure> {
    let found = wallet.records.by_n1(n1);
    Ok(found.map_or_else(
        || Report::new("", Value::Null),
        |exchange| Report::new(story(exchange), entry(exchange)),
    ))
}

/// The report of a command that brought an exchange to its end.
pub(super) fn ended(wallet: &Wallet, n1: Hex32) -> Result<Report, Failure> {
    let found = wallet.records.by_n1(n1);
    Ok(found.map_or_else(|| Report::new("", Value::Null), over))
}

/// An exchange that is over: how it ended comes first.
pub(super) fn over(exchange: &Exchange) -> Report {
    Report::new(outcome(exchange) + &story(exchange), entry(exchange))
}

fn outcome(exchange: &Exchange) -> String {
    let (number, state) = (exchange.number, exchange.state);
    let by = match state {
        State::Completed => " by the cards themselves",
        State::Resolved | State::Aborted => " by the third party",
        _ => "",
    };
    let what = match (exchange.lost, exchange.gained) {
        (None, None) => "Nothing changed hands: you have what you had.".into(),
        (lost, gained) => {
            let vid =
                |vid: Option<Hex32>| vid.map_or_else(|| "nothing".into(), |vid| vid.to_string());
            format!("You gave {}\n     and got {}", vid(lost), vid(gained))
        }
    };
    format!("Exchange {number} was {}{by}. {what}\n\n", state.name())
}

fn story(exchange: &Exchange) -> String {
    let verb = match exchange.side {
        Side::Offered => "offered to",
        Side::Received => "offered by",
    };
    let head = format!(
        "{}  {} {verb} {}: {}\n   give {}\n   want {}\n{}",
        exchange.number,
        exchange.n1.short(),
        exchange.peer_text(),
        exchange.standing(),
        exchange.give,
        exchange.want,
        ids(exchange),
    );
    let steps: String = exchange
        .story
        .iter()
        .map(|step| line(step, "   "))
        .collect();
    head + &steps
}

/// The exchange's own id and its third party, where they are known.
fn ids(exchange: &Exchange) -> String {
    let xid = exchange.xid.map(|xid| format!("   exchange {xid}\n"));
    let third_party = exchange.third_party.as_ref().map(|third_party| {
        let at = match third_party.ids.is_empty() {
            true => String::new(),
            false => format!(" at {}", third_party.ids.join(", ")),
        };
        format!("   third party {}{at}\n", third_party.key)
    });
    [xid, third_party].into_iter().flatten().collect()
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
        "xid": exchange.xid,
        "side": exchange.side,
        "peer": exchange.peer,
        "give": exchange.give,
        "want": exchange.want,
        "state": exchange.state,
        "stage": exchange.stage(),
        "stage_since_unix_s": exchange.seen.map(|seen| seen.since_unix_s),
        "outcome": exchange.state.is_final().then_some(exchange.state),
        "decided_by": exchange.state.decided_by(),
        "lost": exchange.lost,
        "gained": exchange.gained,
        "third_party": exchange.third_party,
        "story": exchange.story,
    })
}
