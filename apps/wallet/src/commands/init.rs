//! `wallet init`: a durable id, and the card that it will trust from now on.

use card_owner::Settings;
use serde_json::json;

use crate::cli::{Cli, Init};
use crate::output::Report;
use crate::program::{Failure, Home};

pub(super) fn run(cli: &Cli, args: &Init) -> Result<Report, Failure> {
    let (home, settings) = card_owner::initialise(&cli.access(), &args.scheme, args.domain)?;
    Ok(report(&home, &settings))
}

fn report(home: &Home, settings: &Settings) -> Report {
    let card = &settings.card;
    let note = match card.class {
        0 => "\nThe card is software: whoever controls its host can rewind it.",
        _ => "",
    };
    let text = format!(
        "Wallet {}\n  card    {} (class {}), certified by scheme {}\n  home    {}\n\
         Give the wallet's id to those who shall make you offers.{note}",
        settings.id,
        card.key,
        card.class,
        settings.scheme,
        home.path().display(),
    );
    let json = json!({
        "id": settings.id.to_string(),
        "card": settings.card,
        "scheme": settings.scheme,
        "socket": settings.socket,
        "home": home.path(),
    });
    Report::new(text, json)
}
