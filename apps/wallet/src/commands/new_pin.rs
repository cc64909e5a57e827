//! `wallet pin` and `wallet unblock`: a new PIN for the card.

use card_owner::pin;
use libetp::client::PinProof;
use libetp::client::blocking::{Capability, set_pin};
use serde_json::json;

use crate::cli::{Cli, NewPin, Unblock};
use crate::mail::{ANSWER_TIMEOUT, Wallet};
use crate::output::Report;
use crate::program::{Failure, Kind};

pub(super) fn change(cli: &Cli, args: &NewPin) -> Result<Report, Failure> {
    let mut changing = Changing::open(cli)?;
    let tries_left = changing.info()?.retries_left;
    let old = pin::current(cli.pin_file.as_deref(), tries_left)?;
    let new = pin::new(args.new_pin_file.as_deref())?;
    changing.set(PinProof::Pin(&old), &new)
}

pub(super) fn unblock(cli: &Cli, args: &Unblock) -> Result<Report, Failure> {
    let mut changing = Changing::open(cli)?;
    let tries_left = match changing.info()?.puk_retries_left {
        None => return Err(no_puk()),
        Some(0) => return Err(lost()),
        Some(tries_left) => tries_left,
    };
    let puk = pin::puk(args.puk_file.as_deref(), tries_left)?;
    let new = pin::new(args.new.new_pin_file.as_deref())?;
    changing.set(PinProof::Puk(&puk), &new)
}

/// A passing id for the change: a card takes one wrong try from an id and then no more, and the
/// wallet's own is wanted for orders.
struct Changing {
    wallet: Wallet,
    capability: Capability,
}

impl Changing {
    fn open(cli: &Cli) -> Result<Self, Failure> {
        let wallet = Wallet::open(cli)?;
        let domain = wallet.settings.card.domain;
        let capability = wallet.connect()?.acquire(Some(domain), false)?;
        Ok(Self { wallet, capability })
    }

    fn info(&mut self) -> Result<libetp::params::runtime::CardInfo, Failure> {
        let card = self.capability.id().domain.card();
        card_owner::info(&mut self.capability, card)
    }

    fn set(&mut self, proof: PinProof<'_>, new: &[u8]) -> Result<Report, Failure> {
        let pin = self.wallet.settings.card.pin();
        let done = set_pin(&mut self.capability, &pin, proof, new, ANSWER_TIMEOUT);
        done.map_err(|error| undecided(error.into()))?;
        let info = self.info()?;
        let json = json!({
            "pin": "set",
            "tries_left": info.retries_left,
            "puk_tries_left": info.puk_retries_left,
        });
        let tries = command_line::counted(info.retries_left.into(), "try", "tries");
        let text = format!("The card has the new PIN ({tries}).");
        Ok(Report::new(text, json))
    }
}

/// Without an answer nobody here knows which PIN the card has.
fn undecided(failure: Failure) -> Failure {
    match failure.kind {
        Kind::Timeout | Kind::Daemon => {
            failure.hint("the card may have the old PIN or the new one: try the new one first")
        }
        _ => failure,
    }
}

fn no_puk() -> Failure {
    Failure::new(Kind::Pin, "this card was made without a PUK")
        .hint("its PIN can be changed only with the PIN: `wallet pin`")
        .fact("refusal", "no-puk")
}

fn lost() -> Failure {
    Failure::new(
        Kind::Pin,
        "the PUK is blocked for good: no try of it is left",
    )
    .hint("with the PIN, `wallet pin` still changes it; else only the card's issuer can help")
    .fact("refusal", "blocked")
    .fact("puk_tries_left", 0)
}
