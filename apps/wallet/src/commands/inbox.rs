//! `wallet inbox`: offers of others that wait for a decision.

use std::time::Duration;

use etp_pki::{Anchors, CertificateError, Role};
use libetp::client::text::hex;
use libetp::params::voucher::Offer;
use serde_json::{Value, json};

use crate::cli::{Cli, Inbox};
use crate::mail::{Wallet, now};
use crate::output::Report;
use crate::program::Failure;
use crate::promise;
use crate::records::Exchange;
use crate::values::Hex32;

pub(super) fn run(cli: &Cli, args: &Inbox) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    if let Some(seconds) = args.wait {
        let any = |wallet: &Wallet| {
            let has_offer = wallet.records.waiting().next().is_some();
            has_offer || wallet.asks.open(now()).next().is_some()
        };
        wallet.wait_for(Duration::from_secs(seconds), any)?;
    }
    let anchors = wallet.settings.anchors();
    let waiting: Vec<_> = wallet.records.waiting().collect();
    let texts: String = waiting
        .iter()
        .map(|waiting| text(waiting, &anchors))
        .collect();
    let offers: Vec<Value> = waiting
        .iter()
        .map(|waiting| entry(waiting, &anchors))
        .collect();
    let mut text = match offers.is_empty() {
        true => "No offers.\n".into(),
        false => texts,
    };
    let dropped = wallet.records.offers_dropped;
    if dropped > 0 {
        text.push_str(&format!(
            "{} dropped because too many waited.\n",
            command_line::counted(dropped, "offer was", "offers were"),
        ));
    }
    let asks = wallet.asks.open(now()).count();
    if asks > 0 {
        text.push_str(&format!(
            "Held by Guard until you say something: {asks}. See `wallet asks`.\n"
        ));
    }
    let json = json!({ "offers": offers, "dropped": dropped, "asks": asks });
    Ok(Report::new(text, json).proposing(&wallet.records))
}

fn text(waiting: &Exchange, anchors: &Anchors) -> String {
    let Some(offer) = waiting.received_offer() else {
        return format!("{}  unreadable offer {}\n", waiting.number, waiting.n1);
    };
    let warning = problem(&offer, anchors).map_or_else(String::new, |problem| {
        format!("   WARNING: {problem}; your card will refuse it\n")
    });
    format!(
        "{}  offer {} from card {}\n   they give {}\n{}   you give  {}\n   third party {}\n{warning}",
        waiting.number,
        waiting.n1.short(),
        waiting.peer_text(),
        waiting.want,
        promise::full(&offer.voucher1.promise, "     | "),
        waiting.give,
        Hex32(offer.third_party),
    )
}

fn entry(waiting: &Exchange, anchors: &Anchors) -> Value {
    let offer = waiting.received_offer();
    let offer = offer.as_ref();
    json!({
        "number": waiting.number,
        "n1": waiting.n1,
        "from": waiting.peer,
        "gives": waiting.want,
        "wants": waiting.give,
        "promise": offer.map(|offer| promise::line(&offer.voucher1.promise)),
        "promise_hex": offer.map(|offer| hex(&offer.voucher1.promise)),
        "issuer": offer.map(|offer| Hex32(offer.voucher1.issuer)),
        "third_party": offer.map(|offer| Hex32(offer.third_party)),
        "problem": offer.and_then(|offer| problem(offer, anchors)),
    })
}

/// What a card of this scheme would refuse about the offer, as far as a host can tell.
fn problem(offer: &Offer, anchors: &Anchors) -> Option<String> {
    let checked = check(offer, anchors);
    checked
        .err()
        .map(|(what, error)| format!("the {what}: {error}"))
}

fn check(offer: &Offer, anchors: &Anchors) -> Result<(), (&'static str, CertificateError)> {
    let of_card = |error| ("offering card", error);
    let of_issuer = |error| ("voucher's issuer", error);
    let card = etp_pki::verify(&offer.certificate, Role::Card, anchors).map_err(of_card)?;
    card.valid_at(now()).map_err(of_card)?;
    if card.key != offer.a_key || card.domain() != Some(offer.sa.domain) {
        return Err(of_card(CertificateError::Signature));
    }
    let certificate = &offer.issuer_certificate1;
    let issuer = etp_pki::verify(certificate, Role::Issuer, anchors).map_err(of_issuer)?;
    issuer.valid_at(now()).map_err(of_issuer)?;
    if issuer.key != offer.voucher1.issuer {
        return Err(of_issuer(CertificateError::Signature));
    }
    let signature = &offer.voucher1.issuer_signature;
    issuer
        .check_signature("voucher", &offer.voucher1.vid(), signature)
        .map_err(of_issuer)
}
