//! `wallet asks`: what Guard wants to know before it lets a message in.

use std::time::Duration;

use serde_json::{Value, json};

use crate::asks::Question;
use crate::cli::{self, Cli};
use crate::mail::{Wallet, now};
use crate::output::Report;
use crate::program::Failure;

pub(super) fn run(cli: &Cli, args: &cli::Asks) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    if let Some(seconds) = args.wait {
        let any = |wallet: &Wallet| wallet.asks.open(now()).next().is_some();
        wallet.wait_for(Duration::from_secs(seconds), any)?;
    }
    Ok(report(&wallet))
}

fn report(wallet: &Wallet) -> Report {
    let (now, me) = (now(), wallet.settings.id);
    let open: Vec<&Question> = wallet.asks.open(now).collect();
    let mut text: String = match open.is_empty() {
        true => "Guard asks nothing.\n".into(),
        false => open.iter().map(|question| question.text(now, me)).collect(),
    };
    let dropped = wallet.asks.dropped;
    if dropped > 0 {
        text.push_str(&format!(
            "{} dropped because too many waited; what they were about is refused.\n",
            command_line::counted(dropped, "question was", "questions were"),
        ));
    }
    let asks: Vec<Value> = open.iter().map(|question| question.json(now)).collect();
    Report::new(text, json!({ "asks": asks, "dropped": dropped }))
}
