//! `wallet receive-issue`: the card is opened for one voucher; what the issuer made is put in.

use libetp::params::Param;
use libetp::params::voucher::{Issue, IssueChallenge};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::card::Orders;
use crate::cli::{Cli, ReceiveIssue};
use crate::files;
use crate::mail::{ANSWER_TIMEOUT, Wallet, now};
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::promise;
use crate::values::Hex32;

/// What an issuer must know to issue to this card. Public.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeFile {
    pub(super) challenge: Hex32,
    pub(super) card_key: Hex32,
    pub(super) wallet: String,
}

pub(super) fn run(cli: &Cli, args: &ReceiveIssue) -> Result<Report, Failure> {
    match (&args.file, args.cancel) {
        (Some(file), _) => store(cli, file),
        (None, Some(challenge)) => cancel(cli, challenge),
        (None, None) => open(cli, args),
    }
}

fn open(cli: &Cli, args: &ReceiveIssue) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    let opened: IssueChallenge = orders.give(&mut wallet, |session, capability| {
        session.issue_begin(capability, ANSWER_TIMEOUT)
    })?;
    wallet.done()?;
    let file = ChallengeFile {
        challenge: Hex32(opened.challenge),
        card_key: Hex32(opened.card_key),
        wallet: wallet.settings.id.to_string(),
    };
    let json = json!(file);
    if let Some(path) = &args.output {
        files::write(path, format!("{json:#}\n").as_bytes())?;
    }
    let text = format!(
        "The card is open for one voucher.\n  challenge  {}\n  card       {}\n\
         Give this to the issuer; put what you get back in with: wallet receive-issue FILE",
        file.challenge, file.card_key,
    );
    Ok(Report::new(text, json))
}

fn store(cli: &Cli, path: &std::path::Path) -> Result<Report, Failure> {
    let bytes = files::read(path)?;
    let issue = Issue::from_param(&bytes).map_err(|error| {
        Failure::new(
            Kind::Usage,
            format!("{} is not an issued voucher: {error}", path.display()),
        )
    })?;
    let mut wallet = Wallet::open(cli)?;
    let vid = Hex32(wallet.capability.issue(&issue, ANSWER_TIMEOUT)?);
    wallet.records.issued(now(), vid);
    wallet.save()?;
    wallet.done()?;
    let text = format!(
        "The card holds {vid}\n{}",
        promise::full(&issue.voucher.promise, "  | ")
    );
    let promise = promise::line(&issue.voucher.promise);
    Ok(Report::new(text, json!({ "vid": vid, "promise": promise })))
}

fn cancel(cli: &Cli, challenge: Hex32) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    orders.give(&mut wallet, |session, capability| {
        session.issue_cancel(capability, challenge.0, ANSWER_TIMEOUT)
    })?;
    wallet.done()?;
    let json = json!({ "cancelled": challenge });
    Ok(Report::new(
        format!("The challenge {challenge} is closed."),
        json,
    ))
}
