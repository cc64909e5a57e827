//! `wallet list`: which wallet this is, and what its card holds.

use libetp::client::text::hex;
use libetp::params::voucher::Holding;
use serde_json::{Value, json};

use super::refresh;
use crate::card::Orders;
use crate::cli::Cli;
use crate::mail::{ANSWER_TIMEOUT, Wallet};
use crate::output::Report;
use crate::program::Failure;
use crate::promise;
use crate::records::Exchange;
use crate::values::Hex32;

pub(super) fn run(cli: &Cli) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    let held = orders.give(&mut wallet, |session, capability| {
        session.list_vouchers(capability, ANSWER_TIMEOUT)
    })?;
    refresh::exchanges(&mut wallet, &mut orders)?;
    refresh::peers(&mut wallet)?;
    wallet.done()?;
    Ok(report(&wallet, &held).proposing(&wallet.records))
}

fn report(wallet: &Wallet, held: &[Holding]) -> Report {
    let settings = &wallet.settings;
    let lines: String = held.iter().map(line).collect();
    let holdings = match held.is_empty() {
        true => "The card holds no vouchers.".into(),
        false => lines,
    };
    let head = format!("Wallet {}\n  card  {}\n\n", settings.id, settings.card.key);
    let aside: String = set_aside(wallet).map(aside_line).collect();
    let vouchers: Vec<Value> = held.iter().map(voucher).collect();
    let set_aside: Vec<Value> = set_aside(wallet).map(aside_json).collect();
    let json = json!({
        "id": settings.id.to_string(),
        "card": settings.card.key,
        "vouchers": vouchers,
        "set_aside": set_aside,
    });
    Report::new(format!("{head}{}\n{aside}", holdings.trim_end()), json)
}

/// Exchanges that have a voucher of the card in them.
fn set_aside(wallet: &Wallet) -> impl Iterator<Item = &Exchange> {
    let exchanges = wallet.records.exchanges.iter();
    exchanges.filter(|exchange| exchange.is_running())
}

fn aside_line(exchange: &Exchange) -> String {
    format!(
        "\n{}\n  set aside in exchange {}: {}\n",
        exchange.give,
        exchange.number,
        exchange.standing()
    )
}

fn aside_json(exchange: &Exchange) -> Value {
    json!({ "vid": exchange.give, "exchange": exchange.number, "n1": exchange.n1 })
}

fn line(held: &Holding) -> String {
    let voucher = &held.voucher;
    let issuer = Hex32(voucher.issuer).short();
    let promise = promise::line(&voucher.promise);
    format!("{}\n  {promise}\n  issuer {issuer}\n", Hex32(held.vid))
}

fn voucher(held: &Holding) -> Value {
    let voucher = &held.voucher;
    json!({
        "vid": Hex32(held.vid),
        "promise": promise::line(&voucher.promise),
        "promise_hex": hex(&voucher.promise),
        "issuer": Hex32(voucher.issuer),
        "min_class": voucher.min_class,
        "redeemer": voucher.redeemer.map(Hex32),
        "serial": hex(&voucher.serial),
    })
}
