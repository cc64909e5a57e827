//! Broken in what a card takes in: open challenges, reserved vouchers.

use libetp::Mtype;
use libetp::params::voucher::{Issue, Offer, StartExchange, Vid};
use oncard_runtime::Writes;
use oncard_runtime::harness::Effects;
use oncard_voucher::records::{Exchange, OpenIssue, OpenOffer, Record};

use super::edit::{as_it_is, hidden, key, over};
use crate::explore::letter::Letter;
use crate::explore::variant::Call;

pub(super) fn issue_nonce(call: &Call<'_>) -> Vec<Effects> {
    let Some(issue) = call.letter.read::<Issue>() else {
        return as_it_is(call);
    };
    let open = OpenIssue {
        ordered_by: call.who().wallet(),
    };
    over(
        call,
        Writes::from([(key(OpenIssue::key(&issue.challenge)), Some(open.to_value()))]),
    )
}

/// The voucher that would come in, and the offer that brings it.
fn incoming(letter: &Letter) -> Option<(Vid, Option<[u8; 32]>)> {
    let accepted = || {
        let offer: Offer = libetp::codec::from_slice(&letter.param).ok()?;
        Some((offer.voucher1.vid(), Some(offer.n1)))
    };
    match letter.mtype {
        Mtype::ACCEPT => accepted(),
        Mtype::ISSUE => letter
            .read::<Issue>()
            .map(|issue| (issue.voucher.vid(), None)),
        Mtype::START_EXCHANGE => letter
            .read::<StartExchange>()
            .map(|order| (order.vid2, None)),
        _ => None,
    }
}

pub(super) fn no_reserved(call: &Call<'_>) -> Vec<Effects> {
    let Some((vid, n1)) = incoming(call.letter) else {
        return as_it_is(call);
    };
    let mut writes = hidden::<Exchange>(call.memory, |exchange| {
        [exchange.vid1, exchange.vid2].contains(&vid) && Some(exchange.n1) != n1
    });
    writes.extend(hidden::<OpenOffer>(call.memory, |offer| offer.vid2 == vid));
    over(call, writes)
}

pub(super) fn reserve_gain_only(call: &Call<'_>) -> Vec<Effects> {
    let Some((vid, n1)) = incoming(call.letter) else {
        return as_it_is(call);
    };
    let given = |exchange: &Exchange| exchange.give() == vid && Some(exchange.n1) != n1;
    over(call, hidden::<Exchange>(call.memory, given))
}
