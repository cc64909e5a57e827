//! Broken in what is bound to what: ids, keys, roles.

use libetp::Mtype;
use libetp::params::thirdparty::{AbortRequest, ResolveRequest};
use libetp::params::voucher::{
    Agreement, Confirmation, Evidence, Offer, OutcomeBody, ThirdPartyOutcome,
};
use oncard_runtime::harness::Effects;
use oncard_runtime::{Store, Writes};
use oncard_thirdparty::records::outcome_key;
use oncard_voucher::records::{Exchange, OpenOffer, Record, Wanted};

use super::edit::{MEMO, as_it_is, changed, given, key, over, t_key};
use crate::explore::cast::{CARDS, wallet};
use crate::explore::letter::Letter;
use crate::explore::variant::Call;
use crate::explore::view::all;

fn request(letter: &Letter) -> Option<Evidence> {
    let resolve = letter
        .read::<ResolveRequest>()
        .map(|request| request.evidence);
    resolve.or_else(|| {
        letter
            .read::<AbortRequest>()
            .map(|request| request.evidence)
    })
}

/// T goes by something else than the xid: it remembers the outcome under that, too.
fn aliased(call: &Call<'_>, alias: fn(&Evidence) -> [u8; 32]) -> Vec<Effects> {
    let Some(evidence) = request(call.letter) else {
        return as_it_is(call);
    };
    let own = t_key(&outcome_key(&evidence.body.xid()));
    let memo = t_key(&[&[MEMO], alias(&evidence).as_slice()].concat());
    if let Ok(Some(outcome)) = call.memory.get(&memo) {
        return over(call, Writes::from([(own, Some(outcome))]));
    }
    let mut ways = as_it_is(call);
    for effects in &mut ways {
        if let Some(outcome) = effects.writes.get(&own).cloned() {
            effects.writes.insert(memo.clone(), outcome);
        }
    }
    ways
}

/// Of one offer `hx` is the same whenever n1 is.
pub(super) fn id_n1(call: &Call<'_>) -> Vec<Effects> {
    aliased(call, |evidence| evidence.body.hx)
}

pub(super) fn id_h2(call: &Call<'_>) -> Vec<Effects> {
    aliased(call, |evidence| evidence.body.h2)
}

pub(super) fn no_a_key(call: &Call<'_>) -> Vec<Effects> {
    let Some(m3) = call.letter.read::<Confirmation>() else {
        return as_it_is(call);
    };
    let Ok(running) = all::<Exchange>(call.memory) else {
        return as_it_is(call);
    };
    let found = running.iter().find(|(xid, _)| *xid == m3.xid);
    let a = found.and_then(|(_, exchange)| call.cast.by_key(&exchange.evidence.body.a_key));
    let Some(a) = a.map(|a| &call.cast.actors[a].holder) else {
        return as_it_is(call);
    };
    let as_a = Confirmation {
        xid: m3.xid,
        signature: a.sign("confirm", &m3.xid),
        certificate: a.certificate.clone(),
    };
    given(call, &Letter::new(call.letter.src, &as_a))
}

pub(super) fn no_b_key(call: &Call<'_>) -> Vec<Effects> {
    let Some(ma1) = call.letter.read::<AbortRequest>() else {
        return as_it_is(call);
    };
    let Some(b) = call.cast.by_key(&ma1.evidence.body.b_key) else {
        return as_it_is(call);
    };
    let b = &call.cast.actors[b].holder;
    let as_b = AbortRequest {
        signature: b.sign("abort", &ma1.evidence.body.xid()),
        certificate: b.certificate.clone(),
        evidence: ma1.evidence,
    };
    given(call, &Letter::new(call.letter.src, &as_b))
}

/// The offers of a card as X's m2 wants them.
fn bent(call: &Call<'_>, bend: fn(&mut OpenOffer, &Agreement)) -> Vec<Effects> {
    match call.letter.read::<Agreement>() {
        Some(m2) if m2.body.b_key == call.cast.x.holder.key_id() => {
            let bend = |offer: &mut OpenOffer| {
                bend(offer, &m2);
                true
            };
            over(call, changed(call.memory, bend))
        }
        _ => as_it_is(call),
    }
}

pub(super) fn t_unchecked(call: &Call<'_>) -> Vec<Effects> {
    bent(call, |offer, m2| offer.third_party = m2.body.third_party)
}

pub(super) fn sb_unchecked(call: &Call<'_>) -> Vec<Effects> {
    bent(call, |offer, m2| offer.pb = wallet(m2.body.sb.domain))
}

pub(super) fn any_role(call: &Call<'_>) -> Vec<Effects> {
    match call.letter.read::<ThirdPartyOutcome>() {
        Some(forged) if forged.certificate == call.cast.x.holder.certificate => {
            let third_party = &call.cast.actors[CARDS].holder;
            let body = OutcomeBody {
                xid: forged.xid,
                outcome: forged.outcome,
            };
            let taken = ThirdPartyOutcome {
                signature: third_party.sign("outcome", &body),
                certificate: third_party.certificate.clone(),
                ..forged
            };
            given(call, &Letter::new(call.letter.src, &taken))
        }
        _ => as_it_is(call),
    }
}

pub(super) fn voucher_unchecked(call: &Call<'_>) -> Vec<Effects> {
    if call.letter.mtype != Mtype::ACCEPT {
        return as_it_is(call);
    }
    let Ok(mut offer) = libetp::codec::from_slice::<Offer>(&call.letter.param) else {
        return as_it_is(call);
    };
    offer.voucher1 = call.cast.world.signed(offer.voucher1);
    given(
        call,
        &Letter::of_type(call.letter.src, Mtype::ACCEPT, &offer),
    )
}

/// The card takes m2 as if its voucher were good, and keeps the one that came.
pub(super) fn voucher2_unchecked(call: &Call<'_>) -> Vec<Effects> {
    let Some(m2) = call.letter.read::<Agreement>() else {
        return as_it_is(call);
    };
    let good = Agreement {
        voucher2: call.cast.world.signed(m2.voucher2.clone()),
        ..m2.clone()
    };
    let wanted = key(Wanted::key(&m2.body.xid()));
    let mut ways = given(call, &Letter::new(call.letter.src, &good));
    for effects in &mut ways {
        if let Some(Some(value)) = effects.writes.get_mut(&wanted)
            && let Ok(mut record) = Wanted::from_value(value)
        {
            record.held.voucher = m2.voucher2.clone();
            *value = record.to_value();
        }
    }
    ways
}

/// What the third party said of one exchange counts for the first that runs.
pub(super) fn any_exchange(call: &Call<'_>) -> Vec<Effects> {
    let Some(said) = call.letter.read::<ThirdPartyOutcome>() else {
        return as_it_is(call);
    };
    let running = all::<Exchange>(call.memory).unwrap_or_default();
    let third_party = &call.cast.actors[CARDS].holder;
    match running.first() {
        Some((xid, _)) if said.certificate == third_party.certificate => {
            let body = OutcomeBody {
                xid: *xid,
                outcome: said.outcome,
            };
            let taken = ThirdPartyOutcome {
                xid: *xid,
                signature: third_party.sign("outcome", &body),
                ..said
            };
            given(call, &Letter::new(call.letter.src, &taken))
        }
        _ => as_it_is(call),
    }
}
