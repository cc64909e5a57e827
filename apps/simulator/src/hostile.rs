//! A run against an adversary, and the rest that follows.

use std::collections::BTreeMap;

use libetp::Mtype;
use libetp::codec::from_slice;
use libetp::params::voucher::{Offer, Xid};
use oncard_voucher::records::{Side, Stage};

use crate::checker::Violation;
use crate::holdings::Running;
use crate::outcome::Facts;
use crate::party::Manner;
use crate::room::{Room, RunError};

/// Moves of the adversary in one run.
const MOVES: usize = 400;

/// One move.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    /// The next message of a flow.
    Deliver,
    /// Any message: it overtakes others.
    Overtake,
    Act,
    Drop,
    Duplicate,
    Replay,
    Alter,
    Cut,
    Reboot,
}

/// What is made how often, in percent.
pub(crate) type Moves = [(usize, Move); 9];

pub(crate) const RANDOM: Moves = [
    (52, Move::Deliver),
    (10, Move::Overtake),
    (15, Move::Act),
    (3, Move::Drop),
    (6, Move::Duplicate),
    (8, Move::Replay),
    (3, Move::Alter),
    (2, Move::Cut),
    (1, Move::Reboot),
];

pub(crate) const REPLAY: Moves = [
    (50, Move::Deliver),
    (0, Move::Overtake),
    (14, Move::Act),
    (0, Move::Drop),
    (0, Move::Duplicate),
    (35, Move::Replay),
    (0, Move::Alter),
    (1, Move::Cut),
    (0, Move::Reboot),
];

/// The adversary moves, then it rests, and every exchange ends.
pub(crate) fn run(mut room: Room<'_>, moves: &Moves) -> Result<Facts, RunError> {
    let mut deliveries = 0;
    for _ in 0..MOVES {
        if let Some(chosen) = choose(&mut room, moves) {
            deliveries += make(chosen, &mut room)?;
        }
    }
    deliveries += rest(&mut room)?;
    Ok(Facts::of(&room, deliveries))
}

fn choose(room: &mut Room<'_>, moves: &Moves) -> Option<Move> {
    let mut thrown = room
        .dice
        .below(moves.iter().map(|(weight, _)| weight).sum());
    for (weight, chosen) in moves {
        match thrown.checked_sub(*weight) {
            Some(left) => thrown = left,
            None => return Some(*chosen),
        }
    }
    None
}

/// Makes a move; returns how many messages it delivered.
fn make(chosen: Move, room: &mut Room<'_>) -> Result<usize, RunError> {
    let cards = room.hosts.len();
    let at = match chosen {
        Move::Cut | Move::Reboot => room.dice.below(cards + 1),
        _ => room.dice.below(cards),
    };
    let (network, dice) = (&mut room.network, &mut room.dice);
    let message = match chosen {
        Move::Deliver => network.take_in_order(dice),
        Move::Overtake => network.take_any(dice),
        Move::Duplicate => network.copy_pending(dice),
        Move::Replay => network.copy_any(dice),
        Move::Alter => network.copy_altered(dice),
        Move::Drop => network.take_any(dice).and(None),
        Move::Act => {
            room.act(at);
            None
        }
        Move::Cut if at == cards => {
            room.plan_cut_of_third_party();
            None
        }
        Move::Cut => {
            room.plan_cut(at);
            None
        }
        Move::Reboot if at == cards => {
            room.reboot_third_party()?;
            None
        }
        Move::Reboot => {
            room.reboot(at)?;
            None
        }
    };
    match message {
        Some(message) => room.deliver(message).map(|()| 1),
        None => Ok(0),
    }
}

/// How often owners accept again: an exchange may bring back the voucher that another one waits for.
const AGAIN_MAX: usize = 4;

/// The adversary rests. What was on its way is lost; owners accept again what they accepted, and
/// so every exchange ends that S_A confirmed or still can confirm and that nobody disputes. Then the
/// third party ends the others, for whoever asks first.
fn rest(room: &mut Room<'_>) -> Result<usize, RunError> {
    while room.network.take_any(&mut room.dice).is_some() {}
    let offers = offers_sent(room);
    room.reboot_third_party()?;
    for at in 0..room.hosts.len() {
        room.reboot(at)?;
        let party = &mut room.parties[at];
        party.manner = Manner::RESERVED;
        party.wallet.forget_orders();
    }
    let mut deliveries = 0;
    if room.dice.chance(50) {
        deliveries += end_alone(room, &offers)?;
    }
    Ok(deliveries + end_by_third_party(room)?)
}

fn end_alone(room: &mut Room<'_>, offers: &BTreeMap<[u8; 32], Offer>) -> Result<usize, RunError> {
    let mut deliveries = accept_again(room, offers)?;
    for _ in 0..AGAIN_MAX {
        if check_rest(room).is_ok() {
            return Ok(deliveries);
        }
        deliveries += accept_again(room, offers)?;
    }
    check_rest(room)?;
    Ok(deliveries)
}

/// Every owner, in any order, has its card ask about everything that is still running.
fn end_by_third_party(room: &mut Room<'_>) -> Result<usize, RunError> {
    let mut waiting: Vec<(usize, Xid)> = (0..room.hosts.len())
        .flat_map(|at| {
            room.checker
                .card(at)
                .running
                .keys()
                .map(move |xid| (at, *xid))
        })
        .collect();
    let mut deliveries = 0;
    while !waiting.is_empty() {
        let (at, xid) = waiting.swap_remove(room.dice.below(waiting.len()));
        room.dispute(at, xid);
        room.poll(at);
        deliveries += room.drain()?;
        if room.checker.card(at).running.contains_key(&xid) {
            let what = format!("card {at} gets no end from the third party");
            return Err(Violation::Stuck(what).into());
        }
    }
    Ok(deliveries)
}

/// Every owner accepts once more what it accepted, and all that follows is delivered.
fn accept_again(
    room: &mut Room<'_>,
    offers: &BTreeMap<[u8; 32], Offer>,
) -> Result<usize, RunError> {
    for at in 0..room.hosts.len() {
        for n1 in unfinished(room, at) {
            if let Some(offer) = offers.get(&n1) {
                room.parties[at].accept(offer);
            }
        }
        room.poll(at);
    }
    room.drain()
}

/// Every m1 that a card sent.
fn offers_sent(room: &Room<'_>) -> BTreeMap<[u8; 32], Offer> {
    let sent = room.network.history().iter();
    let offers = sent.filter(|message| message.header.mtype == Mtype::OFFER);
    offers
        .filter_map(|message| from_slice::<Offer>(&message.param).ok())
        .map(|offer| (offer.n1, offer))
        .collect()
}

/// The offers that a card agreed to, in exchanges of which it or the other card is not done.
fn unfinished(room: &Room<'_>, at: usize) -> Vec<[u8; 32]> {
    let card = room.checker.card(at);
    let waits = |(_, run): &(&Xid, &Running)| run.side == Side::Agreeing;
    let own = card.running.iter().filter(waits).map(|(_, run)| run.n1);
    let others = (0..room.hosts.len()).flat_map(|other| &room.checker.card(other).running);
    let committed = others.filter(|(xid, _)| card.committed.contains(*xid));
    own.chain(committed.map(|(_, run)| run.n1)).collect()
}

fn check_rest(room: &Room<'_>) -> Result<(), Violation> {
    for at in 0..room.hosts.len() {
        for (xid, run) in &room.checker.card(at).running {
            let open = !is_disputed(room, xid)
                && match run.side {
                    Side::Offering => true,
                    Side::Agreeing => can_confirm(room, run),
                };
            if open {
                return Err(Violation::Stuck(format!("card {at} at rest: {run:?}")));
            }
        }
    }
    Ok(())
}

/// Whether S_B gave up on an exchange: then only the third party ends it.
fn is_disputed(room: &Room<'_>, xid: &Xid) -> bool {
    let aborting = |at: usize| {
        let run = room.checker.card(at).running.get(xid);
        run.is_some_and(|run| run.stage == Stage::Aborting)
    };
    room.checker.decided().contains_key(xid) || (0..room.hosts.len()).any(aborting)
}

/// Whether the offer that a card agreed to is still open, and its voucher there.
fn can_confirm(room: &Room<'_>, run: &Running) -> bool {
    let offered_by = |at: usize| {
        let card = room.checker.card(at);
        card.offers.get(&run.n1) == Some(&run.want) && card.held.contains(&run.want)
    };
    (0..room.hosts.len()).any(offered_by)
}
