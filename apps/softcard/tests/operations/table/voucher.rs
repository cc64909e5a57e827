//! Vouchers: what owners order, what cards say to each other, and how a third party ends it.

use libetp::Mtype;
use libetp::params::Param;
use libetp::params::voucher::{
    Agreement, CancelOffer, Commitment, Confirmation, ForgetRedemption, IssueBegin, IssueCancel,
    ListExchanges, ListVouchers, Offer, OfferRejected, ReceiptBody, Redeem, RedeemBody,
    RedeemReceipt, Xid,
};

use super::{Operation, Scene};
use crate::seat::What;
use crate::stage::{Stage, Who, abort_order, accept_order, opened, resolve_order};

const CHALLENGE: [u8; 32] = [5; 32];

fn scene(stage: Stage, who: Who, what: What) -> Scene {
    Scene { stage, who, what }
}

/// A message from the other card.
fn from_peer(stage: Stage, who: Who, param: impl Param) -> Scene {
    let (src, dst) = match who {
        Who::A => (stage.b.id(), stage.a.id()),
        _ => (stage.a.id(), stage.b.id()),
    };
    scene(stage, who, What::Plain(param.into_message(src, dst)))
}

fn offered() -> (Stage, Offer) {
    let mut stage = Stage::new();
    let offer = stage.offer();
    (stage, offer)
}

fn agreed() -> (Stage, Agreement) {
    let (mut stage, offer) = offered();
    let m2 = stage.accept(&offer);
    (stage, m2)
}

fn confirmed() -> (Stage, Confirmation) {
    let (mut stage, m2) = agreed();
    let m3 = stage.confirm(&m2);
    (stage, m3)
}

fn committed() -> (Stage, Commitment) {
    let (mut stage, m3) = confirmed();
    let m4 = stage.commit(&m3);
    (stage, m4)
}

/// Both cards asked the third party; it resolved.
fn resolved(who: Who) -> Scene {
    let (mut stage, m3) = confirmed();
    stage.abort(m3.xid);
    let mr1 = stage.resolve(m3.xid);
    let outcome = stage.judge(stage.a.id(), mr1);
    from_third_party(stage, who, outcome)
}

/// Both cards asked the third party; it aborted.
fn aborted(who: Who) -> Scene {
    let (mut stage, m3) = confirmed();
    stage.resolve(m3.xid);
    let ma1 = stage.abort(m3.xid);
    let outcome = stage.judge(stage.b.id(), ma1);
    from_third_party(stage, who, outcome)
}

fn from_third_party(stage: Stage, who: Who, param: impl Param) -> Scene {
    let message = param.into_message(stage.t.id(), stage.seat(who).id());
    scene(stage, who, What::Plain(message))
}

pub(crate) fn redeem_order(stage: &Stage) -> What {
    let redeemer = &stage.scheme.redeemer;
    let body = RedeemBody {
        vid: stage.vid1,
        challenge: CHALLENGE,
        redeemer: redeemer.key_id(),
    };
    What::order(&Redeem {
        vid: stage.vid1,
        challenge: CHALLENGE,
        redeemer_certificate: redeemer.certificate.clone(),
        signature: redeemer.sign("redeem", &body),
    })
}

fn redeemed() -> Stage {
    let mut stage = Stage::new();
    let order = redeem_order(&stage);
    stage.a.act(&order);
    stage
}

pub(crate) fn receipt(stage: &Stage) -> RedeemReceipt {
    let body = ReceiptBody {
        vid: stage.vid1,
        challenge: CHALLENGE,
    };
    RedeemReceipt {
        vid: stage.vid1,
        signature: stage.scheme.redeemer.sign("receipt", &body),
    }
}

fn disputed(order: fn(Xid) -> What, who: Who, given_before: bool) -> Scene {
    let (mut stage, m3) = confirmed();
    if given_before {
        stage.seat_mut(who).act(&order(m3.xid));
    }
    scene(stage, who, order(m3.xid))
}

pub(crate) const ORDERS: &[Operation] = &[
    Operation::new(
        "issue-begin",
        Mtype::ISSUE_BEGIN,
        &[Mtype::ISSUE_CHALLENGE],
        || scene(Stage::new(), Who::A, What::order(&IssueBegin {})),
    ),
    Operation::new("issue", Mtype::ISSUE, &[Mtype::ISSUED], || {
        let mut stage = Stage::new();
        let challenge = opened(&mut stage.a);
        let voucher = stage.scheme.voucher(3, vec![b'p'; 16_000]);
        let issue = stage.scheme.issue(voucher, &challenge);
        let message = stage.a.owner.message(issue);
        scene(stage, Who::A, What::Plain(message))
    })
    .issues(),
    Operation::new(
        "issue-cancel",
        Mtype::ISSUE_CANCEL,
        &[Mtype::ISSUE_CANCELLED],
        || {
            let mut stage = Stage::new();
            let challenge = opened(&mut stage.a).challenge;
            scene(stage, Who::A, What::order(&IssueCancel { challenge }))
        },
    ),
    Operation::new("redeem", Mtype::REDEEM, &[Mtype::REDEEMED], || {
        let stage = Stage::new();
        let order = redeem_order(&stage);
        scene(stage, Who::A, order)
    }),
    Operation::new("redeem, again", Mtype::REDEEM, &[Mtype::REDEEMED], || {
        let stage = redeemed();
        let order = redeem_order(&stage);
        scene(stage, Who::A, order)
    })
    .changes_nothing(),
    Operation::new("redeem-receipt", Mtype::REDEEM_RECEIPT, &[], || {
        let stage = redeemed();
        let message = stage.a.owner.message(receipt(&stage));
        scene(stage, Who::A, What::Plain(message))
    })
    .forgets(),
    Operation::new(
        "forget-redemption",
        Mtype::FORGET_REDEMPTION,
        &[Mtype::REDEMPTION_FORGOTTEN],
        || {
            let stage = redeemed();
            let vid = stage.vid1;
            scene(stage, Who::A, What::order(&ForgetRedemption { vid }))
        },
    )
    .forgets(),
    Operation::new(
        "list-vouchers",
        Mtype::LIST_VOUCHERS,
        &[Mtype::VOUCHERS],
        || {
            scene(
                Stage::new(),
                Who::A,
                What::order(&ListVouchers { after: None }),
            )
        },
    )
    .changes_nothing(),
    Operation::new(
        "list-exchanges",
        Mtype::LIST_EXCHANGES,
        &[Mtype::EXCHANGES, Mtype::EXCHANGE_RESULT],
        || {
            let (mut stage, m4) = committed();
            stage.complete(&m4);
            scene(stage, Who::A, What::order(&ListExchanges {}))
        },
    )
    .changes_nothing(),
];

pub(crate) const EXCHANGE: &[Operation] = &[
    Operation::new(
        "start-exchange",
        Mtype::START_EXCHANGE,
        &[Mtype::EXCHANGE_STARTED, Mtype::OFFER],
        || {
            let stage = Stage::new();
            let order = What::order(&stage.start_order());
            scene(stage, Who::A, order)
        },
    ),
    Operation::new(
        "cancel-offer",
        Mtype::CANCEL_OFFER,
        &[Mtype::EXCHANGE_RESULT],
        || {
            let (stage, offer) = offered();
            scene(stage, Who::A, What::order(&CancelOffer { n1: offer.n1 }))
        },
    ),
    Operation::new(
        "offer-rejected",
        Mtype::OFFER_REJECTED,
        &[Mtype::EXCHANGE_RESULT],
        || {
            let (stage, offer) = offered();
            let rejected = OfferRejected { n1: offer.n1 };
            let message = rejected.into_message(stage.b.owner.id, stage.a.id());
            scene(stage, Who::A, What::Plain(message))
        },
    ),
    Operation::new("accept", Mtype::ACCEPT, &[Mtype::AGREEMENT], || {
        let (stage, offer) = offered();
        scene(stage, Who::B, accept_order(&offer))
    }),
    Operation::new("accept, again", Mtype::ACCEPT, &[Mtype::AGREEMENT], || {
        let (mut stage, offer) = offered();
        stage.accept(&offer);
        scene(stage, Who::B, accept_order(&offer))
    })
    .changes_nothing(),
    Operation::new(
        "agreement",
        Mtype::AGREEMENT,
        &[Mtype::CONFIRMATION],
        || {
            let (stage, m2) = agreed();
            from_peer(stage, Who::A, m2)
        },
    ),
    Operation::new(
        "agreement, again",
        Mtype::AGREEMENT,
        &[Mtype::CONFIRMATION],
        || {
            let (mut stage, m2) = agreed();
            stage.confirm(&m2);
            from_peer(stage, Who::A, m2)
        },
    )
    .changes_nothing(),
    Operation::new(
        "confirmation",
        Mtype::CONFIRMATION,
        &[Mtype::COMMITMENT, Mtype::EXCHANGE_RESULT],
        || {
            let (stage, m3) = confirmed();
            from_peer(stage, Who::B, m3)
        },
    ),
    Operation::new(
        "confirmation, again",
        Mtype::CONFIRMATION,
        &[Mtype::COMMITMENT],
        || {
            let (mut stage, m3) = confirmed();
            stage.commit(&m3);
            from_peer(stage, Who::B, m3)
        },
    )
    .changes_nothing(),
    Operation::new(
        "commitment",
        Mtype::COMMITMENT,
        &[Mtype::EXCHANGE_RESULT],
        || {
            let (stage, m4) = committed();
            from_peer(stage, Who::A, m4)
        },
    ),
    Operation::new(
        "commitment while resolving",
        Mtype::COMMITMENT,
        &[Mtype::EXCHANGE_RESULT],
        || {
            let (mut stage, m4) = committed();
            stage.resolve(m4.xid);
            from_peer(stage, Who::A, m4)
        },
    ),
    Operation::new("acknowledge-result", Mtype::ACKNOWLEDGE_RESULT, &[], || {
        let (mut stage, m4) = committed();
        let result = stage.complete(&m4);
        let message = stage.a.owner.message(result.acknowledgement());
        scene(stage, Who::A, What::Plain(message))
    }),
];

pub(crate) const DISPUTE: &[Operation] = &[
    Operation::new(
        "order-resolve",
        Mtype::ORDER_RESOLVE,
        &[Mtype::DISPUTED, Mtype::RESOLVE_REQUEST],
        || disputed(resolve_order, Who::A, false),
    ),
    Operation::new(
        "order-resolve, again",
        Mtype::ORDER_RESOLVE,
        &[Mtype::DISPUTED, Mtype::RESOLVE_REQUEST],
        || disputed(resolve_order, Who::A, true),
    )
    .changes_nothing(),
    Operation::new(
        "order-abort",
        Mtype::ORDER_ABORT,
        &[Mtype::DISPUTED, Mtype::ABORT_REQUEST],
        || disputed(abort_order, Who::B, false),
    ),
    Operation::new(
        "order-abort, again",
        Mtype::ORDER_ABORT,
        &[Mtype::DISPUTED, Mtype::ABORT_REQUEST],
        || disputed(abort_order, Who::B, true),
    )
    .changes_nothing(),
    Operation::new(
        "resolved, at S_A",
        Mtype::OUTCOME,
        &[Mtype::EXCHANGE_RESULT],
        || resolved(Who::A),
    ),
    Operation::new(
        "resolved, at S_B",
        Mtype::OUTCOME,
        &[Mtype::EXCHANGE_RESULT],
        || resolved(Who::B),
    ),
    Operation::new(
        "aborted, at S_A",
        Mtype::OUTCOME,
        &[Mtype::EXCHANGE_RESULT],
        || aborted(Who::A),
    ),
    Operation::new(
        "aborted, at S_B",
        Mtype::OUTCOME,
        &[Mtype::EXCHANGE_RESULT],
        || aborted(Who::B),
    ),
];
