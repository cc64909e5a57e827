//! An exchange of vouchers with cards as slow as those of the paper.

use std::time::Instant;

use libetp::text::hex;
use serde::Serialize;
use system_tests::reader::{InsertedCard, PcscService, ReaderUser, Slot};
use system_tests::scenario::{self, Cast, Stories};
use system_tests::{Binaries, Deployment, Host};

use super::slow::{Log, Replay, Seen, Slow, TABLE_2};
use super::words;
use crate::shell::Result;

/// From the first command of an exchange to the end of the last. Milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Times {
    /// Commands.
    pub(super) commands: usize,
    /// What the paper's cards take for them.
    pub(super) cards: f64,
    /// The same commands, one after the other, by a program alone.
    pub(super) bare: f64,
    /// Between two hosts, without the time until the other owner accepts.
    pub(super) exchange: f64,
    /// That time: a wallet that is started, finds the offer and gives the PIN.
    pub(super) acceptance: f64,
}

pub(super) fn measure(binaries: &Binaries) -> Result<Times> {
    let deployment = Deployment::create(binaries.clone()).map_err(words)?;
    let service = PcscService::start(&deployment.path().join("pcscd"), 2).map_err(words)?;
    let (slot_a, slot_b) = (service.slot(0), service.slot(1));
    let cast = Cast::assemble_with(&deployment, |a, b| {
        a.put_into_reader(&slot_a, &[], &[]);
        b.put_into_reader(&slot_b, &[], &[]);
    });
    let mut cast = cast.map_err(words)?;
    let log = Log::default();
    let a = slow_down(&mut cast.a, &slot_a, &log)?;
    let b = slow_down(&mut cast.b, &slot_b, &log)?;
    let report = scenario::play(&deployment, &mut cast, Stories::Exchange).map_err(words)?;
    if !report.as_it_had_to {
        return Err(format!("the exchange went wrong: {:#?}", report.steps));
    }
    drop((cast, a, b));
    let seen = log.seen();
    let [first, second, .., last] = seen.as_slice() else {
        return Err("no exchange came to the cards".into());
    };
    let acceptance = ms(second.begin.duration_since(first.end));
    let exchange = ms(last.end.duration_since(first.begin)) - acceptance;
    Ok(Times {
        commands: seen.len(),
        cards: TABLE_2.iter().map(|(_, ms)| *ms as f64).sum(),
        bare: bare(binaries, &slot_a, &seen)?,
        exchange,
        acceptance,
    })
}

/// Takes the host's card out, and puts it back as a slow one.
fn slow_down(host: &mut Host, slot: &Slot, log: &Log) -> Result<InsertedCard> {
    host.kill_card();
    host.wait_until("absent").map_err(words)?;
    let card = Slow::open(&host.path().join("card"), log)?;
    let inserted = InsertedCard::insert(card, slot).map_err(words)?;
    host.wait_until("live").map_err(words)?;
    Ok(inserted)
}

fn bare(binaries: &Binaries, slot: &Slot, seen: &[Seen]) -> Result<f64> {
    let known = seen
        .iter()
        .map(|it| (it.command.clone(), it.response.clone()));
    let mut user = ReaderUser::start(binaries, slot).map_err(words)?;
    user.ask("wait empty").map_err(words)?;
    let _card = InsertedCard::insert(Replay(known.collect()), slot).map_err(words)?;
    user.ask("wait inserted").map_err(words)?;
    user.ask("connect exclusive").map_err(words)?;
    let start = Instant::now();
    for Seen { command, .. } in seen {
        let answer = user
            .ask(&format!("transmit {}", hex(command)))
            .map_err(words)?;
        if !answer.starts_with("ok") {
            return Err(answer);
        }
    }
    Ok(ms(start.elapsed()))
}

fn ms(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
