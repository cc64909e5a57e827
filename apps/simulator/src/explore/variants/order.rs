//! Broken in what comes when: states, writes before sends, what is kept.

use libetp::Mtype;
use libetp::params::thirdparty::ResolveRequest;
use libetp::params::voucher::{Confirmation, OrderAbort, Outcome, Xid};
use oncard_runtime::harness::Effects;
use oncard_runtime::{MemoryStore, Store, Writes};
use oncard_thirdparty::records::{TALLY_KEY, VERSION, outcome_key};
use oncard_voucher::records::{Exchange, Record, Stage};

use super::edit::{MEMO, as_it_is, changed, key, over, t_key};
use crate::explore::cast::{CARDS, THIRD_PARTIES};
use crate::explore::variant::Call;

/// Family of the runtime's own records, the counter of fresh values among them.
const RUNTIME: u8 = 0x01;

pub(super) fn aborting_takes_m3(call: &Call<'_>) -> Vec<Effects> {
    if call.letter.mtype != Mtype::CONFIRMATION {
        return as_it_is(call);
    }
    let forget = |exchange: &mut Exchange| {
        let aborting = exchange.stage == Stage::Aborting;
        exchange.stage = Stage::Wait;
        aborting
    };
    over(call, changed(call.memory, forget))
}

/// The card keeps its record of the exchange beside, and asks with it.
pub(super) fn abort_after_commit(call: &Call<'_>) -> Vec<Effects> {
    let memo = |xid: &Xid| key([&[MEMO], xid.as_slice()].concat());
    if let Some(order) = call.letter.read::<OrderAbort>()
        && let Ok(Some(kept)) = call.memory.get(&memo(&order.xid))
    {
        let record = key(Exchange::key(&order.xid));
        let mut ways = over(call, Writes::from([(record, Some(kept))]));
        ways.iter_mut().for_each(|effects| effects.writes.clear());
        return ways;
    }
    let mut ways = as_it_is(call);
    if let Some(m3) = call.letter.read::<Confirmation>() {
        let record = call.memory.get(&key(Exchange::key(&m3.xid))).ok().flatten();
        for effects in &mut ways {
            effects
                .writes
                .extend(record.clone().map(|record| (memo(&m3.xid), Some(record))));
        }
    }
    ways
}

/// As it should be, or sent and not written.
fn unwritten(call: &Call<'_>) -> Vec<Effects> {
    let mut ways = as_it_is(call);
    let sent = ways.first().map(|effects| Effects {
        sends: effects.sends.clone(),
        ..Effects::default()
    });
    ways.extend(sent);
    ways
}

pub(super) fn send_before_write(call: &Call<'_>) -> Vec<Effects> {
    match call.letter.mtype {
        Mtype::AGREEMENT => unwritten(call),
        _ => as_it_is(call),
    }
}

pub(super) fn t_answers_first(call: &Call<'_>) -> Vec<Effects> {
    match THIRD_PARTIES.contains(&call.actor) {
        true => unwritten(call),
        false => as_it_is(call),
    }
}

/// As it should be, or power fails between what is deleted and what is inserted.
pub(super) fn delete_then_insert(call: &Call<'_>) -> Vec<Effects> {
    let mut ways = as_it_is(call);
    if matches!(call.letter.mtype, Mtype::AGREEMENT | Mtype::ACCEPT)
        && let Some(whole) = ways.first()
    {
        let deleted = whole.writes.iter().filter(|(_, value)| value.is_none());
        let half = Effects {
            writes: deleted
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            ..Effects::default()
        };
        ways.push(half);
    }
    ways
}

pub(super) fn t_forgets(actor: usize, memory: &MemoryStore) -> Vec<(&'static str, MemoryStore)> {
    if actor < CARDS {
        return Vec::new();
    }
    let outcomes = memory
        .scan(&t_key(b"o"), None, usize::MAX)
        .unwrap_or_default();
    let without = |(outcome, _): (Vec<u8>, Vec<u8>)| {
        let mut memory = memory.clone();
        let writes = Writes::from([(outcome, None), (t_key(TALLY_KEY), None)]);
        memory.commit(&writes).expect("memory does not fail");
        ("forgets an outcome", memory)
    };
    outcomes.into_iter().map(without).collect()
}

pub(super) fn t_late_aborts(call: &Call<'_>) -> Vec<Effects> {
    let mut ways = as_it_is(call);
    let Some(mr1) = call.letter.read::<ResolveRequest>() else {
        return ways;
    };
    let entry = t_key(&outcome_key(&mr1.evidence.body.xid()));
    if ways
        .first()
        .is_some_and(|effects| effects.writes.contains_key(&entry))
    {
        let aborted = Writes::from([(entry, Some(vec![VERSION, Outcome::Aborted as u8]))]);
        let mut late = over(call, aborted.clone());
        late.iter_mut()
            .for_each(|effects| effects.writes.extend(aborted.clone()));
        ways.extend(late);
    }
    ways
}

pub(super) fn counter_repeats(call: &Call<'_>) -> Vec<Effects> {
    let mut ways = as_it_is(call);
    for effects in &mut ways {
        effects
            .writes
            .retain(|key, _| key.first() != Some(&RUNTIME));
    }
    ways
}
