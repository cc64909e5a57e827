//! Whether every open exchange can be ended with the third party alone, fairly and for all.

use std::rc::Rc;

use libetp::Mtype;
use libetp::codec::List;
use libetp::params::voucher::{OrderAbort, OrderResolve};
use oncard_runtime::{MemoryStore, Store, Writes};
use oncard_voucher::FAMILY;
use oncard_voucher::records::{Committed, Record, Side};

use super::cast::{ACTORS, CARDS, THIRD_PARTIES};
use super::letter::Letter;
use super::rules::{self, Finding, Rule};
use super::space::{Local, Space};
use super::view::{Running, all};

/// From these local states, whoever asks first: every exchange comes to its end, no voucher is
/// missing or there twice, and the two ends of each exchange tell the same.
pub(crate) fn check(space: &mut Space<'_>, locals: &[u32; ACTORS]) -> Vec<Finding> {
    let mut found = check_with(space, locals, Side::Offering);
    found.extend(check_with(space, locals, Side::Agreeing));
    found
}

fn check_with(space: &mut Space<'_>, locals: &[u32; ACTORS], first: Side) -> Vec<Finding> {
    let mut locals = *locals;
    match end_all(space, &mut locals, first) {
        Err(stuck) => vec![stuck],
        Ok(()) => space.with_cards(&locals, |space, cards| {
            let cast = space.machine.cast;
            let counts = rules::counts(cast, &space.first, cards);
            let found = rules::all_there(&counts).into_iter();
            found.chain(rules::agree(cast, cards)).collect()
        }),
    }
}

fn end_all(space: &mut Space<'_>, locals: &mut [u32; ACTORS], first: Side) -> Result<(), Finding> {
    for side in [first, other(first)] {
        for card in 0..CARDS {
            let memory = space.locals.thing(locals[card]).memory;
            let view = Rc::clone(space.machine.view(card, memory));
            let open = view.running.iter().filter(|running| running.side == side);
            for running in open {
                end(space, locals, card, running)?;
            }
        }
    }
    Ok(())
}

fn other(side: Side) -> Side {
    match side {
        Side::Offering => Side::Agreeing,
        Side::Agreeing => Side::Offering,
    }
}

/// The owner orders it, the card asks, the third party answers, the card ends the exchange.
fn end(
    space: &mut Space<'_>,
    locals: &mut [u32; ACTORS],
    card: usize,
    running: &Running,
) -> Result<(), Finding> {
    let judge = judge(space, card, running);
    let (order, request) = order(space, card, judge, running);
    let order = space.machine.letters.number(order);
    let asked = go(space, locals, card, order);
    let asked = sent(space, asked, request).ok_or_else(|| stuck(space, card, "does not ask T"))?;
    let answered = go(space, locals, judge, asked);
    let answered = sent(space, answered, Mtype::OUTCOME)
        .ok_or_else(|| stuck(space, card, "gets no answer from T"))?;
    go(space, locals, card, answered);
    let memory = space.locals.thing(locals[card]).memory;
    match space.machine.view(card, memory).find(&running.xid) {
        None => Ok(()),
        Some(_) => Err(stuck(space, card, "cannot take T's answer")),
    }
}

fn stuck(space: &Space<'_>, card: usize, why: &str) -> Finding {
    let name = space.machine.cast.actors[card].name;
    Finding::new(Rule::Stuck, format!("{name} {why}"))
}

/// Whom a card asks: who is named; of twins each card its own.
fn judge(space: &Space<'_>, card: usize, running: &Running) -> usize {
    let cast = space.machine.cast;
    match cast.by_key(&running.evidence.body.third_party) {
        Some(judge) if cast.twins => judge + card,
        Some(judge) => judge,
        None => THIRD_PARTIES.start,
    }
}

fn order(space: &Space<'_>, card: usize, judge: usize, running: &Running) -> (Letter, Mtype) {
    let cast = space.machine.cast;
    let (owner, xid) = (cast.actors[card].wallet(), running.xid);
    let third_party_ids = List(vec![cast.actors[judge].id]);
    match running.side {
        Side::Offering => {
            let order = OrderResolve {
                xid,
                third_party_ids,
            };
            (Letter::new(owner, &order), Mtype::RESOLVE_REQUEST)
        }
        Side::Agreeing => {
            let order = OrderAbort {
                xid,
                third_party_ids,
            };
            (Letter::new(owner, &order), Mtype::ABORT_REQUEST)
        }
    }
}

/// Takes the first way; gives what was sent.
fn go(space: &mut Space<'_>, locals: &mut [u32; ACTORS], actor: usize, letter: u32) -> Vec<u32> {
    let local = **space.locals.thing(locals[actor]);
    let ways = space.machine.step(actor, local.memory, letter);
    let Some(transition) = ways.first() else {
        return Vec::new();
    };
    let past = space.pasts.thing(local.past);
    let past = past.after(&transition.events, transition.spent);
    let past = space.pasts.number(past);
    let memory = transition.memory;
    locals[actor] = space.locals.number(Local { memory, past });
    transition.sends.clone()
}

fn sent(space: &Space<'_>, letters: Vec<u32>, mtype: Mtype) -> Option<u32> {
    let is = |letter: &u32| space.machine.letters.thing(*letter).mtype == mtype;
    letters.into_iter().find(is)
}

/// S_B's memory without one of the records that repeat m4: it may be dropped at any time.
pub(crate) fn forgotten(memory: &MemoryStore) -> Vec<(&'static str, MemoryStore)> {
    let done = all::<Committed>(memory).unwrap_or_default();
    let without = |(xid, _): (_, Committed)| {
        let key = [&[FAMILY], Committed::key(&xid).as_slice()].concat();
        let mut memory = memory.clone();
        memory
            .commit(&Writes::from([(key, None)]))
            .expect("memory does not fail");
        ("forgets an exchange that is done", memory)
    };
    done.into_iter().map(without).collect()
}
