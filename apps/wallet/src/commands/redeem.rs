//! `wallet redeem`: the voucher leaves the card for good, and the card's signature says so.

use libetp::codec::to_vec;
use libetp::params::Param;
use libetp::params::host::{Ping, Pong};
use libetp::params::voucher::{Redeem, RedeemReceipt, Redeemed};
use serde_json::json;

use crate::card::Orders;
use crate::cli::{self, Cli, Receipt};
use crate::files;
use crate::mail::{ANSWER_TIMEOUT, Wallet, now};
use crate::output::Report;
use crate::program::{Failure, Kind};
use crate::values::Hex32;

pub(super) fn run(cli: &Cli, args: &cli::Redeem) -> Result<Report, Failure> {
    let bytes = files::read(&args.file)?;
    let order = Redeem::from_param(&bytes).map_err(|error| {
        let path = args.file.display();
        Failure::new(
            Kind::Usage,
            format!("{path} is not a redeemer's request: {error}"),
        )
    })?;
    let mut wallet = Wallet::open(cli)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    let redeemed: Redeemed = orders.give(&mut wallet, |session, capability| {
        session.redeem(capability, &order, ANSWER_TIMEOUT)
    })?;
    files::write(&args.output, &to_vec(&redeemed))?;
    let vid = Hex32(redeemed.vid);
    wallet.records.redeemed(now(), vid);
    wallet.save()?;
    wallet.done()?;
    let text = format!(
        "The voucher {vid} is redeemed.\nGive {} to the redeemer; `wallet redeem` with the same \
         request repeats it.",
        args.output.display(),
    );
    Ok(Report::new(
        text,
        json!({ "vid": vid, "redeemer": Hex32(redeemed.redeemer) }),
    ))
}

/// A card says nothing about a receipt that it takes, so a ping behind it is waited for.
pub(super) fn receipt(cli: &Cli, args: &Receipt) -> Result<Report, Failure> {
    let bytes = files::read(&args.file)?;
    let receipt = RedeemReceipt::from_param(&bytes).map_err(|error| {
        let path = args.file.display();
        Failure::new(Kind::Usage, format!("{path} is not a receipt: {error}"))
    })?;
    let mut wallet = Wallet::open(cli)?;
    let card = wallet.settings.id.domain.card();
    let told = wallet.records.events.len();
    wallet.capability.queue_param(card, &receipt)?;
    let nonce = receipt.vid.to_vec();
    wallet
        .capability
        .call::<_, Pong>(card, &Ping { nonce }, ANSWER_TIMEOUT)?;
    wallet.collect()?;
    if let Some(refused) = wallet.records.refusal_since(told, RedeemReceipt::MTYPE) {
        return Err(Failure::new(Kind::Refused, refused));
    }
    let vid = Hex32(receipt.vid);
    let json = json!({ "vid": vid, "forgotten": true });
    Ok(Report::new(
        format!("The card has forgotten the voucher {vid}."),
        json,
    ))
}

/// For redeemers that give no receipt: the card keeps a bounded number of redemptions without one.
pub(super) fn forget(cli: &Cli, args: &cli::Forget) -> Result<Report, Failure> {
    let mut wallet = Wallet::open(cli)?;
    let mut orders = Orders::open(&mut wallet, cli)?;
    let vid = args.vid.0;
    orders.give(&mut wallet, |session, capability| {
        session.forget_redemption(capability, vid, ANSWER_TIMEOUT)
    })?;
    wallet.done()?;
    Ok(Report::new(
        format!("The card has forgotten the voucher {}.", args.vid),
        json!({ "vid": args.vid, "forgotten": true }),
    ))
}
