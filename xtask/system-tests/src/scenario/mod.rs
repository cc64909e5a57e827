//! The demonstration: two hosts, two cards, one fair exchange, and two attacks.
//!
//! Every fact in the [`Report`] is read back from the programs: holdings from the wallets, messages and commands to the
//! cards from the daemons' traces, refusals from the attacked daemons' counters.

mod attack;
mod cast;
mod checks;
mod report;
mod trace;

use std::time::Instant;

use serde_json::Value;

pub use cast::Cast;
pub use report::{Apdu, Card, Holding, Message, Report, Step};

use crate::deployment::{Deployment, text};
use crate::program::Failure;

/// What to do beside the exchange.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Also let a hostile program and a hostile host try.
    pub attacks: bool,
}

/// Plays the whole demonstration in a fresh deployment.
///
/// # Errors
/// [`Failure`] if a step could not be taken at all. What went otherwise than it should is in the report.
pub fn exchange(deployment: &Deployment, options: &Options) -> Result<Report, Failure> {
    let mut cast = Cast::assemble(deployment)?;
    play(deployment, &mut cast, options)
}

/// Plays it with a cast that stays.
///
/// # Errors
/// As [`exchange`].
pub fn play(at: &Deployment, cast: &mut Cast, options: &Options) -> Result<Report, Failure> {
    let mut report = Report::default();
    issue(cast, &mut report)?;
    report.holdings_before = cast.holdings()?;
    cast.warm_the_link()?;
    trade(cast, &mut report)?;
    report.holdings_after = cast.holdings()?;
    if options.attacks {
        attack::local_program(at, cast, &mut report)?;
        attack::remote_host(at, cast, &mut report)?;
        attack::counters(cast, &mut report)?;
        report.holdings_after = cast.holdings()?;
    }
    checks::conclude(&mut report);
    Ok(report)
}

/// One voucher to each card.
fn issue(cast: &Cast, report: &mut Report) -> Result<(), Failure> {
    for (host, title) in [(&cast.a, "concert ticket"), (&cast.b, "museum pass")] {
        let vid = cast.issue(host, title)?;
        report.step(
            "issue",
            true,
            format!(
                "{title} to card {}: {}",
                host.name.to_uppercase(),
                short(&vid)
            ),
        );
        report.vouchers.push(vid);
    }
    Ok(())
}

/// The exchange itself: three commands by two people.
fn trade(cast: &Cast, report: &mut Report) -> Result<(), Failure> {
    let traces = trace::Mark::set(cast)?;
    let (give, want) = (report.vouchers[0].clone(), report.vouchers[1].clone());
    let start = Instant::now();
    let offer = cast.offer(&give, &want)?;
    report.step(
        "offer",
        true,
        format!("A offers {} for {}", short(&give), short(&want)),
    );
    let n1 = text(&offer, "n1")?;
    let inbox = cast.inbox_of_b(&n1)?;
    report.step(
        "inbox",
        true,
        format!("B sees the offer: {}", summary(&inbox)),
    );
    cast.accept(&n1)?;
    report.step("accept", true, "B accepts; the cards do the rest".into());
    for host in [&cast.a, &cast.b] {
        let result = cast.result(host, &n1)?;
        let outcome = text(&result, "outcome")?;
        let done = outcome == "completed";
        report.step(
            "result",
            done,
            format!("{} learns: {outcome}", host.name.to_uppercase()),
        );
    }
    report.exchange_elapsed_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    traces.collect(cast, report)
}

/// The beginning of an id, enough for people and for the wallet.
pub fn short(vid: &str) -> &str {
    vid.get(..16).unwrap_or(vid)
}

fn summary(offer: &Value) -> String {
    offer["give"]
        .as_str()
        .or(offer["promise"].as_str())
        .unwrap_or("an offer")
        .to_owned()
}
