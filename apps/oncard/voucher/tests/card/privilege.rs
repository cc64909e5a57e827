//! Orders without the owner's channel: refused or ignored, whoever says them.

use libetp::codec::to_vec;
use libetp::params::voucher::{
    CancelOffer, IssueBegin, IssueCancel, ListExchanges, ListVouchers, Redeem,
};
use libetp::params::{Param, Privileged};
use libetp::{EntityId, Message, Mtype, Port};
use simulator::dice::Dice;
use simulator::wallet::Wallet;

use crate::bench::{Pair, count, refusal};

/// Every privileged order of the family, as well-formed as it can be.
fn orders(pair: &mut Pair) -> Vec<(Mtype, Vec<u8>)> {
    let start = pair.start_order();
    let n1 = pair.offer().n1;
    let mut accept = pair.offer_again();
    accept.n1 = [1; 32];
    let redeem = Redeem {
        vid: pair.vid1,
        challenge: [1; 32],
        redeemer_certificate: pair.world.redeemer.certificate.clone(),
        signature: [0; 64],
    };
    vec![
        (Mtype::START_EXCHANGE, to_vec(&start)),
        (Mtype::ACCEPT, to_vec(&accept)),
        (CancelOffer::MTYPE, to_vec(&CancelOffer { n1 })),
        (IssueBegin::MTYPE, to_vec(&IssueBegin {})),
        (
            IssueCancel::MTYPE,
            to_vec(&IssueCancel { challenge: [0; 32] }),
        ),
        (Redeem::MTYPE, to_vec(&redeem)),
        (ListVouchers::MTYPE, to_vec(&ListVouchers { after: None })),
        (ListExchanges::MTYPE, to_vec(&ListExchanges {})),
    ]
}

/// Gives an order in several disguises; none may change or tell anything.
#[track_caller]
fn is_powerless(pair: &mut Pair, src: EntityId, mtype: Mtype, body: &[u8]) {
    let envelope = |counter, tag| {
        let body = body.to_vec();
        to_vec(&Privileged { counter, tag, body })
    };
    let before = (pair.a.holdings(), pair.b.holdings());
    for param in [
        body.to_vec(),
        envelope(1, [0; 16]),
        envelope(u64::MAX, [7; 16]),
    ] {
        for at in [true, false] {
            let seat = if at { &mut pair.a } else { &mut pair.b };
            let answers = seat.give(Message::new(src, seat.id(), mtype, param.clone()));
            assert_eq!(
                count(&answers, Mtype::ORDER_REFUSED),
                answers.len(),
                "{mtype}"
            );
        }
    }
    assert_eq!(
        (pair.a.holdings(), pair.b.holdings()),
        before,
        "{mtype} of {src}"
    );
}

#[test]
fn orders_need_the_channel() {
    let mut pair = Pair::new();
    let stranger = |seat: &crate::bench::Seat, port| seat.blank.domain.entity(Port(port));
    let sources = [
        stranger(&pair.a, 9),
        stranger(&pair.b, 9),
        pair.a.wallet.id,
        pair.b.wallet.id,
        pair.a.id(),
        stranger(&pair.a, Port::DAEMON.0),
    ];
    for (mtype, body) in orders(&mut pair) {
        assert!(mtype.is_privileged(), "{mtype}");
        for src in sources {
            is_powerless(&mut pair, src, mtype, &body);
        }
    }
}

#[test]
fn an_order_is_not_carried_out_twice_nor_by_another_card_nor_after_a_reset() {
    let mut pair = Pair::new();
    pair.b.order(&ListExchanges {});
    let mut copy = Wallet::new(&pair.a.blank, Dice::new(9));
    copy.id.port.0 = 33;
    let mut recorded = Vec::new();
    copy.order(&IssueBegin {});
    let mut said = copy.poll();
    while !said.is_empty() {
        let now: Vec<Message> = std::mem::take(&mut said);
        for message in now {
            recorded.push(message.clone());
            for answer in pair.a.give(message) {
                said.extend(copy.hear(&answer));
            }
        }
    }
    let order = recorded.pop().unwrap();
    assert_eq!(order.header.mtype, Mtype::ISSUE_BEGIN);
    let before = pair.a.holdings();
    assert_eq!(before.challenges.len(), 1);
    assert!(refusal(&pair.a.give(order.clone())).is_some());
    pair.a.host.reboot().unwrap();
    assert!(refusal(&pair.a.give(order.clone())).is_some());
    assert_eq!(pair.a.holdings(), before);
    let mut elsewhere = order;
    elsewhere.header.dst = pair.b.id();
    assert_eq!(pair.b.give(elsewhere), vec![]);
    assert!(pair.b.holdings().challenges.is_empty());
}
