//! A run in which nothing is lost: every exchange completes, in exactly five APDUs.

use libetp::params::voucher::{ExchangeResult, Outcome, Vid};

use crate::checker::Violation;
use crate::host::Carried;
use crate::outcome::{EXCHANGE_TYPES, Facts};
use crate::room::{Room, RunError};

/// Starts one to three exchanges at once, and lets them end.
pub(crate) fn run(mut room: Room<'_>) -> Result<Facts, RunError> {
    let planned = start_some(&mut room);
    let deliveries = room.drain()?;
    check_results(&room, planned)?;
    check_apdus(&room, planned)?;
    Ok(Facts::of(&room, deliveries))
}

/// Exchanges of different vouchers between random cards; returns how many.
fn start_some(room: &mut Room<'_>) -> u64 {
    let cards = room.hosts.len();
    let mut left: Vec<Vec<Vid>> = (0..cards)
        .map(|at| room.checker.card(at).held.iter().copied().collect())
        .collect();
    let mut planned = 0;
    for _ in 0..=room.dice.below(cards) {
        let a = room.dice.below(cards);
        let b = (a + 1 + room.dice.below(cards - 1)) % cards;
        if left[a].is_empty() || left[b].is_empty() {
            break;
        }
        let (vid1, vid2) = (take(room, &mut left[a]), take(room, &mut left[b]));
        let pb = room.parties[b].wallet.id;
        let third_party = (room.world.third_party, room.third_party_id);
        room.parties[a].start(third_party, vid1, vid2, pb);
        planned += 1;
    }
    (0..cards).for_each(|at| room.poll(at));
    planned
}

fn take(room: &mut Room<'_>, from: &mut Vec<Vid>) -> Vid {
    from.swap_remove(room.dice.below(from.len()))
}

fn check_results(room: &Room<'_>, planned: u64) -> Result<(), Violation> {
    let completed = |result: &&ExchangeResult| result.outcome == Outcome::Completed as u8;
    let results = room.parties.iter().flat_map(|party| party.results.values());
    let count = results.filter(completed).count();
    if count as u64 != 2 * planned {
        let what = format!("{count} results of {planned} exchanges");
        return Err(Violation::Stuck(what));
    }
    let idle = |at| {
        let card = room.checker.card(at);
        card.running.is_empty() && card.offers.is_empty() && card.results.is_empty()
    };
    match (0..room.hosts.len()).all(idle) {
        true => Ok(()),
        false => Err(Violation::Stuck("a card still has an exchange".into())),
    }
}

/// Five APDUs for each exchange, one of each type, and none that carries nothing.
fn check_apdus(room: &Room<'_>, planned: u64) -> Result<(), Violation> {
    let count = |carried| {
        let counts = room
            .hosts
            .iter()
            .filter_map(|host| host.apdus().get(&carried));
        counts.sum::<u64>()
    };
    let expected = EXCHANGE_TYPES
        .map(|mtype| (Carried::Message(mtype), planned))
        .into_iter()
        .chain([(Carried::Nothing, 0)]);
    for (carried, expected) in expected {
        let found = count(carried);
        if found != expected {
            let what = format!("{found} APDUs with {carried:?} instead of {expected}");
            return Err(Violation::Stuck(what));
        }
    }
    Ok(())
}
