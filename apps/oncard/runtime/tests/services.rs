//! What the daemon asks of its card: hello, ports; and what everybody may ask.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod common;

use common::{count, made, only, refusal, selected};
use libetp::params::Param;
use libetp::params::host::{Ping, Pong, Undeliverable};
use libetp::params::runtime::{
    AuthBegin, CardInfo, CardInfoRequest, Hello, HelloBody, HelloChallenge, PortsReserved,
    RefusalCode, ReservePorts, Serve, SetPin,
};
use libetp::{Domain, Message, Mtype, Port, codec};
use oncard_runtime::{Store, Writes, limits};

#[test]
fn hello_proves_boot_generation_and_ports() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let challenge = |nonce| made.order(HelloChallenge { nonce: [nonce; 32] });
    let first: Hello = only(&host.talk(&mut card, &[challenge(1)]).unwrap());
    assert_eq!(first.highest_port, 0);
    host.talk(&mut card, &[made.order(ReservePorts {})])
        .unwrap();
    let second: Hello = only(&host.talk(&mut card, &[challenge(2)]).unwrap());
    assert_eq!(second.highest_port, 256);
    assert_eq!(
        (first.generation, second.generation),
        (1, 3),
        "each command is a transaction"
    );
    assert_eq!(first.boot_id, second.boot_id);
    let body = HelloBody {
        nonce: [2; 32],
        boot_id: second.boot_id,
        generation: second.generation,
        domain: made.domain(),
        highest_port: 256,
    };
    made.leaf
        .check_signature("hello", &body, &second.signature)
        .unwrap();
    assert!(
        made.leaf
            .check_signature("hello", &body, &first.signature)
            .is_err()
    );
    assert_eq!(second.certificate, made.card.certificate);
    let select = host.select(&mut card).unwrap();
    assert_eq!((select.generation, select.boot_id), (3, second.boot_id));

    card.power_up([2; 32]).unwrap();
    host.select(&mut card).unwrap();
    let said = host.talk(&mut card, &[challenge(3)]).unwrap();
    let third: Hello = common::read(said.last().unwrap());
    assert_ne!(third.boot_id, second.boot_id);
    assert_eq!(third.generation, 4);
    // Even with the very same entropy the boot id is another: the generation is mixed in.
    card.power_up([2; 32]).unwrap();
    assert_ne!(host.select(&mut card).unwrap().boot_id, third.boot_id);
}

#[test]
fn port_blocks_never_repeat_whatever_is_reset() {
    let made = made();
    let mut card = made.boot();
    let mut next = 1;
    for boot in 0..5 {
        let mut host = selected(&mut card);
        for _ in 0..3 {
            let said = host
                .talk(&mut card, &[made.order(ReservePorts {})])
                .unwrap();
            let block: PortsReserved = common::read(said.last().unwrap());
            assert_eq!((block.first, block.count), (next, limits::PORT_BLOCK));
            next += limits::PORT_BLOCK;
        }
        card = common::boot(card.into_store(), vec![]);
        card.power_up([boot; 32]).unwrap();
    }
}

/// The last whole block below the reserved range is given out; then the card refuses.
#[test]
fn the_reserved_range_is_never_given_out() {
    let made = made();
    let last = Port::HOST_FIRST.0 - limits::PORT_BLOCK;
    for (next, given) in [(last, true), (last + 1, false), (Port::HOST_FIRST.0, false)] {
        let mut store = made.store.clone();
        let ports = vec![1, 6];
        store
            .commit(&Writes::from([(ports, Some(codec::to_vec(&next)))]))
            .unwrap();
        let mut card = common::boot(store, vec![]);
        let mut host = selected(&mut card);
        let said = host
            .talk(&mut card, &[made.order(ReservePorts {})])
            .unwrap();
        match given {
            true => {
                let block: PortsReserved = only(&said);
                assert_eq!(block.first + block.count, Port::HOST_FIRST.0);
                let said = host
                    .talk(&mut card, &[made.order(ReservePorts {})])
                    .unwrap();
                assert_eq!(refusal(&said), RefusalCode::Limit as u16);
            }
            false => assert_eq!(refusal(&said), RefusalCode::Limit as u16, "{next}"),
        }
    }
}

#[test]
fn only_the_daemon_is_answered_what_is_the_daemons() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let params = [
        (
            Mtype::HELLO_CHALLENGE,
            codec::to_vec(&HelloChallenge { nonce: [0; 32] }),
        ),
        (Mtype::RESERVE_PORTS, codec::to_vec(&ReservePorts {})),
        (
            Mtype::SERVE,
            codec::to_vec(&Serve {
                host_key: [0x42; 32],
                nonce: [0; 32],
            }),
        ),
    ];
    let sources = [
        made.id(7),
        made.domain().card(),
        made.domain().entity(Port::DIAGNOSTICS),
        made.id(0xFFFF_FF02),
        Domain([2; 12]).entity(Port::DAEMON),
    ];
    for (mtype, param) in &params {
        for src in sources {
            let message = Message::new(src, made.domain().card(), *mtype, param.clone());
            assert!(
                host.talk(&mut card, &[message]).unwrap().is_empty(),
                "{mtype} from {src}"
            );
        }
    }
    assert_eq!(count(&card, "not-from-this-sender"), 9);
    assert_eq!(count(&card, "impossible-source"), 6);
    let said = host
        .talk(&mut card, &[made.order(ReservePorts {})])
        .unwrap();
    assert_eq!(
        only::<PortsReserved>(&said).first,
        1,
        "none was carried out"
    );
}

#[test]
fn card_info_tells_who_the_card_is() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    for asked in [
        made.from(3, CardInfoRequest {}),
        made.order(CardInfoRequest {}),
    ] {
        let info: CardInfo = only(&host.talk(&mut card, &[asked]).unwrap());
        assert_eq!(info.certificate, made.card.certificate);
        assert_eq!((info.class, info.retries_left), (0, 3));
        assert!(info.programs.0.is_empty());
    }
    let foreign = CardInfoRequest {}.into_message(Domain([2; 12]).card(), made.domain().card());
    assert!(host.talk(&mut card, &[foreign]).unwrap().is_empty());
}

#[test]
fn anybody_may_ping_within_the_limit() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let far = Domain([2; 12]).entity(Port(9));
    let ping = |length| Ping {
        nonce: vec![1; length],
    };
    let card_id = made.domain().card();
    let said = host
        .talk(&mut card, &[ping(64).into_message(far, card_id)])
        .unwrap();
    assert_eq!(only::<Pong>(&said).nonce.len(), 64);
    assert_eq!(said[0].header.dst, far);
    assert!(
        host.talk(&mut card, &[ping(65).into_message(far, card_id)])
            .unwrap()
            .is_empty()
    );
    let said = host.talk(&mut card, &[made.from(1, ping(65))]).unwrap();
    assert_eq!(refusal(&said), RefusalCode::Malformed as u16);
}

#[test]
fn an_unknown_type_is_refused_to_the_own_domain_only() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let of = |src, mtype| Message::new(src, made.domain().card(), Mtype(mtype), vec![0x80]);
    // Unregistered, of a program that is not on this card, and of a kind that cards only send.
    for mtype in [0xC0FE, Mtype::CHALLENGE.0, Mtype::HELLO.0] {
        for src in [made.id(4), made.daemon()] {
            let said = host.talk(&mut card, &[of(src, mtype)]).unwrap();
            assert_eq!(refusal(&said), RefusalCode::UnknownType as u16);
            assert_eq!(said[0].header.dst, src);
        }
        let foreign = of(Domain([2; 12]).card(), mtype);
        assert!(host.talk(&mut card, &[foreign]).unwrap().is_empty());
    }
    assert_eq!(
        count(&card, "refused-to-outsider") + count(&card, "not-from-this-sender"),
        3
    );
}

#[test]
fn messages_for_others_are_counted_and_not_carried_out() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let others = [made.id(3), Domain([2; 12]).card()];
    for dst in others {
        let ping = Ping { nonce: vec![] }.into_message(made.id(1), dst);
        assert!(host.talk(&mut card, &[ping]).unwrap().is_empty());
    }
    assert_eq!(count(&card, "not-for-this-card"), 2);
}

#[test]
fn a_verdict_is_counted_and_there_is_none_about_it() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let verdict = Undeliverable {
        dst: made.id(3),
        mtype: Mtype::PONG,
        digest: [0; 16],
        code: 1,
        detail: String::new(),
    };
    let src = made.domain().entity(Port::DIAGNOSTICS);
    let message = verdict.into_message(src, made.domain().card());
    assert!(host.talk(&mut card, &[message]).unwrap().is_empty());
    assert_eq!(count(&card, "undeliverable"), 1);
}

#[test]
fn authentication_is_for_programs_of_the_own_domain() {
    let made = made();
    let mut card = made.boot();
    let mut host = selected(&mut card);
    let foreign = Domain([2; 12]).entity(Port(1));
    let handshake = vec![0; 48];
    let (to, set_pin) = (made.domain().card(), SetPin { handshake });
    let messages = [
        AuthBegin {}.into_message(foreign, to),
        set_pin.into_message(foreign, to),
    ];
    assert!(host.talk(&mut card, &messages).unwrap().is_empty());
}
