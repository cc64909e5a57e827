//! Promise S1: privilege needs the channel key. A hostile daemon replays, reorders, edits and
//! invents orders under an authenticated source, across resets: none is carried out.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{Made, PIN, authenticated, count, made, only, refusal, selected};
use libetp::codec;
use libetp::params::Privileged;
use libetp::params::host::Ping;
use libetp::params::runtime::{
    CapabilityEnded, EnrolHost, HostEnrolled, RefusalCode, Serve, Statement,
};
use libetp::{Message, Mtype, Port};
use oncard_runtime::harness::{Host, Wallet};
use oncard_runtime::{Card, MemoryStore};

const BAD_TAG: u16 = RefusalCode::BadTag as u16;
const NOT_AUTHENTICATED: u16 = RefusalCode::NotAuthenticated as u16;

fn enrol(byte: u8) -> EnrolHost {
    EnrolHost {
        host_key: [byte; 32],
    }
}

/// Which host the card would state, found out from outside.
fn enrolled(made: &Made, host: &mut Host, card: &mut Card<MemoryStore>) -> Vec<u8> {
    let serve = |byte| Serve {
        host_key: [byte; 32],
        nonce: [0; 32],
    };
    let states = |said: &[Message]| said[0].header.mtype == Mtype::STATEMENT;
    (0..=255)
        .filter(|byte| states(&host.talk(card, &[made.order(serve(*byte))]).unwrap()))
        .collect()
}

fn edited(order: &Message, edit: impl FnOnce(&mut Privileged)) -> Message {
    let mut envelope: Privileged = codec::from_slice(&order.param).unwrap();
    edit(&mut envelope);
    let mut message = order.clone();
    message.param = codec::to_vec(&envelope);
    message
}

#[test]
fn an_order_in_the_channel_is_carried_out_once() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let mut wallet = authenticated(&made, &mut host, &mut card, 7);
    let orders = [wallet.order(enrol(1)), wallet.order(enrol(2))];
    for (order, byte) in orders.iter().zip([1, 2]) {
        // Twice in one command, and once more in the next.
        let said = host
            .talk(&mut card, &[order.clone(), order.clone()])
            .unwrap();
        assert_eq!(only::<HostEnrolled>(&said[..1]).host_key, [byte; 32]);
        assert_eq!(refusal(&said[1..]), BAD_TAG);
        let said = host.talk(&mut card, std::slice::from_ref(order)).unwrap();
        assert_eq!(refusal(&said), BAD_TAG);
    }
    let said = host.talk(&mut card, &orders).unwrap();
    assert!(
        said.iter()
            .all(|m| refusal(std::slice::from_ref(m)) == BAD_TAG)
    );
    assert_eq!(enrolled(&made, &mut host, &mut card), [2]);
}

#[test]
fn forged_edited_and_readdressed_orders_are_refused() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let mut wallet = authenticated(&made, &mut host, &mut card, 7);
    let other = authenticated(&made, &mut host, &mut card, 8);
    let order = wallet.order(enrol(1));
    let mut stranger = Wallet::new(made.id(7));
    stranger.key = [0x55; 32];
    let mut from_other = order.clone();
    from_other.header.src = other.id;
    let mut other_type = order.clone();
    other_type.header.mtype = Mtype::SIGN;
    let mut crossed = other.order_at(9, enrol(3));
    crossed.header.src = wallet.id;

    let attacks = [
        stranger.order_at(1, enrol(3)),
        edited(&order, |e| e.tag[0] ^= 1),
        edited(&order, |e| e.counter += 1),
        edited(&order, |e| *e.body.last_mut().unwrap() ^= 1),
        edited(&order, |e| e.body.truncate(4)),
        from_other,
        crossed,
    ];
    for attack in &attacks {
        let said = host.talk(&mut card, std::slice::from_ref(attack)).unwrap();
        assert_eq!(refusal(&said), BAD_TAG, "{attack:?}");
    }
    // No program for `sign` here: the table is looked up before the role, the role before tags.
    let said = host.talk(&mut card, &[other_type]).unwrap();
    assert_eq!(refusal(&said), RefusalCode::UnknownType as u16);
    assert_eq!(
        enrolled(&made, &mut host, &mut card),
        [0x42],
        "none was carried out"
    );
    let said = host.talk(&mut card, &[order]).unwrap();
    assert_eq!(
        only::<HostEnrolled>(&said).host_key,
        [1; 32],
        "forgeries spend no counter"
    );
}

#[test]
fn an_older_order_that_was_held_back_is_refused() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let mut wallet = authenticated(&made, &mut host, &mut card, 7);
    let (held, newer) = (wallet.order(enrol(1)), wallet.order(enrol(2)));
    let said = host.talk(&mut card, &[newer, held]).unwrap();
    assert_eq!(said[0].header.mtype, Mtype::HOST_ENROLLED);
    assert_eq!(refusal(&said[1..]), BAD_TAG);
    assert_eq!(enrolled(&made, &mut host, &mut card), [2]);
}

/// Reset, the end of the capability and another session each empty the authenticated set; orders
/// of before are dead even after the same id has authenticated again.
#[test]
fn orders_of_an_ended_channel_are_dead() {
    type End = fn(&Made, &mut Host, &mut Card<MemoryStore>);
    let reset: End = |_, host, card| {
        card.power_up([3; 32]).unwrap();
        host.select(card).unwrap();
    };
    let capability: End = |made, host, card| {
        let id = made.id(7);
        assert!(
            host.talk(card, &[made.order(CapabilityEnded { id })])
                .unwrap()
                .is_empty()
        );
    };
    let session: End = |_, host, card| {
        host.session = *b"another1";
        host.select(card).unwrap();
    };
    for end in [reset, capability, session] {
        let made = made();
        let mut card = made.boot();
        let mut host = selected(&mut card);
        let mut wallet = authenticated(&made, &mut host, &mut card, 7);
        let recorded = [wallet.order(enrol(1)), wallet.order(enrol(2))];
        end(&made, &mut host, &mut card);
        for order in &recorded {
            let said = host.talk(&mut card, std::slice::from_ref(order)).unwrap();
            assert_eq!(refusal(said.last_chunk::<1>().unwrap()), NOT_AUTHENTICATED);
        }
        authenticated(&made, &mut host, &mut card, 7);
        for order in &recorded {
            let said = host.talk(&mut card, std::slice::from_ref(order)).unwrap();
            assert_eq!(refusal(&said), BAD_TAG, "another channel, another key");
        }
        assert_eq!(enrolled(&made, &mut host, &mut card), [0x42]);
    }
}

#[test]
fn a_recovering_select_of_the_same_session_keeps_the_channel() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let mut wallet = authenticated(&made, &mut host, &mut card, 7);
    host.select(&mut card).unwrap();
    let said = host.talk(&mut card, &[wallet.order(enrol(1))]).unwrap();
    assert_eq!(said.last().unwrap().header.mtype, Mtype::HOST_ENROLLED);
}

/// A daemon that runs a whole authentication of its own needs the PIN; without it, every way of
/// giving orders is refused, from every source.
#[test]
fn no_source_has_privilege_of_its_own() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let param = Wallet::new(made.id(7)).order(enrol(1)).param;
    let bare = codec::to_vec(&enrol(1));
    let sources = [
        (made.id(7), Some(NOT_AUTHENTICATED)),
        (made.daemon(), None),
        (made.domain().card(), None),
        (made.domain().entity(Port::DIAGNOSTICS), None),
        (libetp::Domain([2; 12]).entity(Port(7)), None),
        (libetp::Domain([2; 12]).card(), None),
    ];
    for (src, answer) in sources {
        for param in [&param, &bare] {
            let card_id = made.domain().card();
            let order = Message::new(src, card_id, Mtype::ENROL_HOST, param.clone());
            let said = host.talk(&mut card, &[order]).unwrap();
            match answer {
                Some(code) => assert_eq!(refusal(&said), code),
                None => assert!(said.is_empty(), "{src}: {said:?}"),
            }
        }
    }
    assert_eq!(count(&card, "order-from-outside"), 8);
    assert_eq!(count(&card, "impossible-source"), 2);
    assert_eq!(enrolled(&made, &mut host, &mut card), [0x42]);
}

/// A rejected message undoes itself only, and spends its counter.
#[test]
fn a_rejected_order_undoes_nothing_of_its_neighbours() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let mut wallet = authenticated(&made, &mut host, &mut card, 7);
    let malformed = wallet.order(Ping { nonce: vec![] });
    let mut malformed = Message {
        header: libetp::Header {
            mtype: Mtype::ENROL_HOST,
            ..malformed.header
        },
        ..malformed
    };
    let body = codec::to_vec(&7u8);
    malformed.param = codec::to_vec(&Privileged {
        counter: 5,
        tag: wallet.tag(&malformed.header, 5, &body),
        body,
    });
    wallet.counter = 5;
    let orders = [
        wallet.order_at(4, enrol(1)),
        malformed.clone(),
        wallet.order(enrol(3)),
    ];
    let said = host.talk(&mut card, &orders).unwrap();
    assert_eq!(said[0].header.mtype, Mtype::HOST_ENROLLED);
    assert_eq!(refusal(&said[1..2]), RefusalCode::Malformed as u16);
    assert_eq!(said[2].header.mtype, Mtype::HOST_ENROLLED);
    assert_eq!(enrolled(&made, &mut host, &mut card), [3]);
    let said = host.talk(&mut card, &[malformed]).unwrap();
    assert_eq!(refusal(&said), BAD_TAG);
}

#[test]
fn statements_name_the_enrolled_host_only_and_their_numbers_grow() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let serve = |byte, nonce| {
        made.order(Serve {
            host_key: [byte; 32],
            nonce: [nonce; 32],
        })
    };
    let mut last = 0;
    for boot in 0..3u8 {
        let said = host.talk(&mut card, &[serve(0x42, boot)]).unwrap();
        let statement: Statement = common::read(said.last().unwrap());
        assert_eq!(statement.number, last + 1);
        last = statement.number;
        let body = libetp::params::runtime::StatementBody {
            domain: made.domain(),
            card_key: made.leaf.key,
            host_key: [0x42; 32],
            number: statement.number,
            nonce: [boot; 32],
        };
        made.leaf
            .check_signature("serve", &body, &statement.signature)
            .unwrap();
        let said = host.talk(&mut card, &[serve(0x41, boot)]).unwrap();
        assert_eq!(refusal(&said), RefusalCode::State as u16);
        card.power_up([boot; 32]).unwrap();
        host.select(&mut card).unwrap();
    }
    let mut wallet = Wallet::new(made.id(9));
    wallet
        .authenticate(&mut host, &mut card, &made.agree, PIN)
        .unwrap();
    host.talk(&mut card, &[wallet.order(enrol(0x41))]).unwrap();
    let said = host.talk(&mut card, &[serve(0x42, 9)]).unwrap();
    assert_eq!(
        refusal(&said),
        RefusalCode::State as u16,
        "the old home is no longer stated"
    );
}
