//! What the owner of a card may order, whatever state the card is in.

use std::rc::Rc;

use libetp::codec::List;
use libetp::params::voucher::{
    CancelOffer, IssueBegin, IssueCancel, OfferRejected, OrderAbort, OrderResolve, Redeem,
    RedeemBody, Vid,
};

use super::cast::{CARDS, Cast, nonce};
use super::config::Config;
use super::letter::Letter;
use super::machine::acknowledgements;
use super::view::View;
use oncard_runtime::MemoryStore;

/// Every order that means something to a card with this memory, and those that come too late.
pub(crate) fn orders(
    cast: &Cast,
    config: &Config,
    actor: usize,
    (memory, view): (&MemoryStore, &Rc<View>),
) -> Vec<Letter> {
    let mut orders = starts(cast, config, actor);
    orders.extend(cancels(cast, actor, view));
    orders.extend(disputes(cast, actor, view));
    orders.extend(issues(cast, config, actor, view));
    orders.extend(redemptions(cast, config, actor));
    if config.acknowledged_late {
        orders.extend(acknowledgements(cast, actor, memory));
    }
    orders
}

/// `start-exchange`, with whatever voucher for whatever other one.
fn starts(cast: &Cast, config: &Config, actor: usize) -> Vec<Letter> {
    if config.starts[actor] == 0 {
        return Vec::new();
    }
    let mut to = vec![cast.actors[CARDS - 1 - actor].id];
    if config.offers_to_x && actor == 0 {
        to.push(cast.x.id);
    }
    let vids: Vec<Vid> = cast.vouchers.iter().map(|(_, vid, _)| *vid).collect();
    let pairs = vids
        .iter()
        .flat_map(|give| vids.iter().map(move |want| (give, want)));
    let pairs = pairs.filter(|(give, want)| give != want);
    let order = |(give, want): (&Vid, &Vid)| {
        let order = |to: &_| cast.start(actor, *give, *want, *to);
        to.iter().map(order).collect::<Vec<_>>()
    };
    pairs.flat_map(order).collect()
}

/// `cancel-offer` for every number that the card knows, and `offer-rejected` from whom it went to.
fn cancels(cast: &Cast, actor: usize, view: &View) -> Vec<Letter> {
    let me = &cast.actors[actor];
    let running = view.running.iter().map(|running| running.n1);
    let done = view.finished.iter().map(|(n1, _)| *n1);
    let numbers = view.offers.iter().copied().chain(running).chain(done);
    let other = cast.actors[CARDS - 1 - actor].wallet();
    numbers
        .flat_map(|n1| {
            [
                Letter::new(me.wallet(), &CancelOffer { n1 }),
                Letter::new(other, &OfferRejected { n1 }),
            ]
        })
        .collect()
}

/// `order-resolve` and `order-abort` for every exchange that the card knows, on either side.
fn disputes(cast: &Cast, actor: usize, view: &View) -> Vec<Letter> {
    let owner = cast.actors[actor].wallet();
    let running = view.running.iter().map(|running| running.xid);
    let finished = view.finished.iter().filter_map(|(_, xid)| *xid);
    let exchanges = running
        .chain(view.committed.iter().copied())
        .chain(finished);
    exchanges
        .flat_map(|xid| {
            let third_party_ids = List(vec![cast.actors[CARDS].id]);
            let resolve = OrderResolve {
                xid,
                third_party_ids: third_party_ids.clone(),
            };
            let abort = OrderAbort {
                xid,
                third_party_ids,
            };
            [Letter::new(owner, &resolve), Letter::new(owner, &abort)]
        })
        .collect()
}

fn issues(cast: &Cast, config: &Config, actor: usize, view: &View) -> Vec<Letter> {
    if config.issues[actor] == 0 {
        return Vec::new();
    }
    let owner = cast.actors[actor].wallet();
    let cancel = |challenge: &[u8; 32]| {
        let challenge = *challenge;
        Letter::new(owner, &IssueCancel { challenge })
    };
    let begin = Letter::new(owner, &IssueBegin {});
    let cancels = view.challenges.iter().map(cancel);
    std::iter::once(begin).chain(cancels).collect()
}

fn redemptions(cast: &Cast, config: &Config, actor: usize) -> Vec<Letter> {
    let redeemer = &cast.world.redeemer;
    let order = |name| {
        let body = RedeemBody {
            vid: cast.voucher(name).vid(),
            challenge: nonce("redeem"),
            redeemer: redeemer.key_id(),
        };
        let order = Redeem {
            vid: body.vid,
            challenge: body.challenge,
            redeemer_certificate: redeemer.certificate.clone(),
            signature: redeemer.sign("redeem", &body),
        };
        Letter::new(cast.actors[actor].wallet(), &order)
    };
    config.redeemed.chars().map(order).collect()
}
