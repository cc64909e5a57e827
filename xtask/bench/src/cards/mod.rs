//! What an exchange, a resolve and an abort cost the cards: three soft cards on disk, each on its card thread, every
//! message handed from one to the next. No daemon, no network; counted and timed at the links.

mod scheme;
mod trio;

use std::io::Result;

use libetp::Mtype;
use libetp::codec::{List, to_vec};
use libetp::params::voucher::{
    Agreement, Confirmation, ExchangeResult, Offer, OrderAbort, OrderResolve, Outcome,
    StartExchange, Vid,
};
use serde_json::json;

use scheme::Scheme;
use trio::{Passed, S_A, S_B, Trio, first};

/// Plays each once and prints what it cost, as one JSON line.
pub(crate) fn run() -> Result<()> {
    let place = tempfile::tempdir()?;
    let scheme = Scheme::new();
    let mut trio = Trio::seat(scheme.cards(place.path())?)?;
    let mut serial = 0;
    let mut goods = |trio: &mut Trio| {
        serial += 1;
        trio.issue_both(&scheme, serial)
    };
    let warm_up = goods(&mut trio)?;
    exchange(&mut trio, warm_up)?;
    let (completed, resolved, aborted) = (goods(&mut trio)?, goods(&mut trio)?, goods(&mut trio)?);
    println!(
        "{}",
        json!({
            "exchange": exchange(&mut trio, completed)?.as_json(),
            "resolve": resolve(&mut trio, resolved)?.as_json(),
            "abort": abort(&mut trio, aborted)?.as_json(),
        })
    );
    Ok(())
}

/// From S_A's order over S_B's to both results.
fn exchange(trio: &mut Trio, goods: [Vid; 2]) -> Result<Passed> {
    let mut offered = offer(trio, goods)?;
    let offer: Offer = first(&offered.said)?;
    let accept = trio.seal(S_B, Mtype::ACCEPT, to_vec(&offer));
    let accepted = trio.pass(accept, Mtype::EXCHANGE_RESULT, 2)?;
    ended(&accepted, Outcome::Completed)?;
    offered.add(accepted);
    Ok(offered)
}

/// Both cards gave and m3 is lost: from S_A's order to its result.
fn resolve(trio: &mut Trio, goods: [Vid; 2]) -> Result<Passed> {
    let agreed = agree(trio, goods)?;
    let confirmed = trio.pass(agreed, Mtype::CONFIRMATION, 1)?;
    let xid = first::<Confirmation>(&confirmed.said)?.xid;
    let third_party_ids = List(Vec::new());
    let order = trio.order(
        S_A,
        &OrderResolve {
            xid,
            third_party_ids,
        },
    );
    let passed = trio.pass(order, Mtype::EXCHANGE_RESULT, 1)?;
    ended(&passed, Outcome::Resolved)?;
    Ok(passed)
}

/// S_B gave and m2 is lost: from S_B's order to its result.
fn abort(trio: &mut Trio, goods: [Vid; 2]) -> Result<Passed> {
    let agreed = agree(trio, goods)?;
    let xid = first::<Agreement>(&[agreed])?.body.xid();
    let third_party_ids = List(Vec::new());
    let order = trio.order(
        S_B,
        &OrderAbort {
            xid,
            third_party_ids,
        },
    );
    let passed = trio.pass(order, Mtype::EXCHANGE_RESULT, 1)?;
    ended(&passed, Outcome::Aborted)?;
    Ok(passed)
}

fn offer(trio: &mut Trio, [vid1, vid2]: [Vid; 2]) -> Result<Passed> {
    let order = StartExchange {
        vid1,
        vid2,
        pb: trio.owner(S_B),
        third_party: trio.third_party,
        third_party_ids: List(vec![trio.card(trio::T)]),
    };
    let order = trio.order(S_A, &order);
    trio.pass(order, Mtype::OFFER, 1)
}

/// m2, held back.
fn agree(trio: &mut Trio, goods: [Vid; 2]) -> Result<libetp::Message> {
    let offer: Offer = first(&offer(trio, goods)?.said)?;
    let accept = trio.seal(S_B, Mtype::ACCEPT, to_vec(&offer));
    let mut said = trio.pass(accept, Mtype::AGREEMENT, 1)?.said;
    said.pop()
        .ok_or_else(|| std::io::Error::other("no agreement"))
}

fn ended(passed: &Passed, outcome: Outcome) -> Result<()> {
    let result: ExchangeResult = first(&passed.said)?;
    match result.outcome == outcome as u8 {
        true => Ok(()),
        false => Err(std::io::Error::other(format!(
            "ended otherwise: {result:?}"
        ))),
    }
}
