//! What programs are for: sending and receiving.

use libetp::frame::{Origin, kind};
use libetp::params::Param;
use libetp::params::host::{Ping, Pong, Undeliverable};
use libetp::params::runtime::CapabilityEnded;
use libetp::verdict::Subject;
use libetp::{Message, Mtype, Port, VerdictCode};

use dispatchd::router::Entry;

use crate::harness::{ABROAD, DOMAIN, PRIVATE, Setup, daemon};

#[test]
fn two_programs_talk_and_the_daemon_stamps_the_source() {
    let daemon = daemon();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    assert_ne!(a.id, b.id);
    a.send(b.id, PRIVATE, b"there");
    let (number, origin, message) = b.come().delivery();
    assert_eq!((number, origin), (1, Origin::App));
    assert_eq!(
        message,
        Message::new(a.id, b.id, PRIVATE, b"there".to_vec())
    );
    b.taken(1);
    b.send(a.id, PRIVATE, b"and back");
    assert_eq!(a.come().delivery().2.param, b"and back");
}

#[test]
fn order_and_content_survive_many_messages_of_every_size() {
    let daemon = daemon();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    let dst = b.id;
    let sizes = [
        0usize,
        1,
        100,
        1_024,
        20_000,
        libetp::limits::PARAM_BYTES_MAX,
    ];
    let sender = std::thread::spawn(move || {
        for n in 0..120usize {
            a.send(dst, PRIVATE, &vec![n as u8; sizes[n % sizes.len()]]);
        }
        assert_eq!(a.flush(), []);
    });
    for n in 0..120usize {
        let (number, _, message) = b.come().delivery();
        assert_eq!(number, n as u64 + 1);
        assert_eq!(message.param, vec![n as u8; sizes[n % sizes.len()]]);
        b.taken(number);
    }
    sender.join().unwrap();
}

#[test]
fn a_message_to_nobody_is_named() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    for dst in [
        DOMAIN.entity(Port(70_000)),
        ABROAD.card(),
        ABROAD.entity(Port(1)),
    ] {
        let number = a.send(dst, PRIVATE, b"");
        let detail = a.expect_failed(number, VerdictCode::UnknownDestination);
        assert!(detail.contains(&dst.to_string()), "{detail}");
    }
    assert_eq!(daemon.counter("unknown-destination"), 3);
}

#[test]
fn messages_reach_the_card_and_its_answers_come_back() {
    let mut daemon = daemon();
    let mut a = daemon.acquire();
    a.send(DOMAIN.card(), Mtype::CARD_INFO_REQUEST, &[0x80]);
    let (number, message) = daemon.for_card();
    assert_eq!(message.header.src, a.id);
    daemon.router.card_completed(DOMAIN, number);
    let answer = Message::new(DOMAIN.card(), a.id, Mtype::CARD_INFO, vec![1]);
    daemon.router.submit(Entry::Card(DOMAIN), 1, answer.clone());
    let (_, origin, came) = a.come().delivery();
    assert_eq!((origin, came), (Origin::Card, answer));
}

#[test]
fn what_the_card_does_not_get_is_told_to_its_sender() {
    let mut daemon = daemon();
    let mut a = daemon.acquire();
    let too_large = a.send(DOMAIN.card(), PRIVATE, &vec![0; 60_000 - 33]);
    a.expect_failed(too_large, VerdictCode::TooLargeForCard);
    let at_limit = a.send(DOMAIN.card(), PRIVATE, &vec![0; 60_000 - 34]);
    let (number, _) = daemon.for_card();
    let verdict = libetp::Verdict::new(VerdictCode::CardGone, "pulled");
    daemon.router.card_failed(DOMAIN, number, verdict);
    assert_eq!(a.expect_failed(at_limit, VerdictCode::CardGone), "pulled");
}

#[test]
fn a_card_that_goes_returns_what_it_was_given_and_what_waited() {
    let mut daemon = daemon();
    let mut a = daemon.acquire();
    let first = a.send(DOMAIN.card(), PRIVATE, b"given");
    daemon.for_card();
    let sent: Vec<_> = (0..16)
        .map(|_| a.send(DOMAIN.card(), PRIVATE, b""))
        .collect();
    assert_eq!(a.flush(), []);
    daemon.router.detach_card(DOMAIN, VerdictCode::CardGone);
    a.expect_failed(first, VerdictCode::Unknown);
    for number in &sent[..15] {
        a.expect_failed(*number, VerdictCode::Unknown);
    }
    a.expect_failed(sent[15], VerdictCode::CardGone);
    let later = a.send(DOMAIN.card(), PRIVATE, b"");
    a.expect_failed(later, VerdictCode::CardGone);
}

#[test]
fn a_card_learns_in_its_own_form_that_nobody_is_there() {
    let mut daemon = daemon();
    let lost = Message::new(DOMAIN.card(), DOMAIN.entity(Port(77_777)), PRIVATE, vec![5]);
    daemon.router.submit(Entry::Card(DOMAIN), 1, lost.clone());
    let (_, verdict) = daemon.for_card();
    assert_eq!(verdict.header.src, DOMAIN.entity(Port::DIAGNOSTICS));
    assert_eq!(verdict.header.mtype, Mtype::UNDELIVERABLE);
    let told = Undeliverable::from_param(&verdict.param).unwrap();
    assert_eq!((told.dst, told.mtype), (lost.header.dst, PRIVATE));
    assert_eq!(told.digest, Subject::of(&lost).digest);
    assert_eq!(
        VerdictCode::from_u16(told.code),
        Some(VerdictCode::UnknownDestination)
    );
}

#[test]
fn diagnostics_answers_a_ping() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    let diagnostics = DOMAIN.entity(Port::DIAGNOSTICS);
    let ping = Ping { nonce: vec![7; 64] }.into_message(a.id, diagnostics);
    a.send(diagnostics, Mtype::PING, &ping.param);
    let (_, origin, pong) = a.come().delivery();
    assert_eq!((origin, pong.header.src), (Origin::Host, diagnostics));
    assert_eq!(Pong::from_param(&pong.param).unwrap().nonce, [7; 64]);
    let long = Ping { nonce: vec![7; 65] }.into_message(a.id, diagnostics);
    let number = a.send(diagnostics, Mtype::PING, &long.param);
    a.expect_failed(number, VerdictCode::Malformed);
    let number = a.send(diagnostics, Mtype::PING, b"nonsense");
    a.expect_failed(number, VerdictCode::Malformed);
}

#[test]
fn programs_wait_for_ports_and_are_told_when_none_come() {
    let daemon = daemon();
    daemon
        .host
        .gives_ports
        .store(false, std::sync::atomic::Ordering::SeqCst);
    let mut a = daemon.greet();
    let acquire = libetp::frame::body::Acquire {
        domain: Some(DOMAIN),
        durable: false,
    };
    a.ask(kind::ACQUIRE, &acquire);
    daemon.host.wait_for_port_requests(1);
    let mut b = daemon.greet();
    let number = b.ask(kind::ACQUIRE, &acquire);
    daemon.router.ports(DOMAIN, 40, 1);
    assert_eq!(a.acquired().id, DOMAIN.entity(Port(40)));
    daemon.router.detach_card(DOMAIN, VerdictCode::CardGone);
    b.expect_refusal(number, libetp::frame::body::RequestError::CardGone);
    let number = b.ask(kind::ACQUIRE, &acquire);
    b.expect_refusal(number, libetp::frame::body::RequestError::CardGone);
}

#[test]
fn a_card_is_told_when_an_id_that_authenticated_ends() {
    let mut daemon = daemon();
    let (mut a, b) = (daemon.acquire(), daemon.acquire());
    a.send(DOMAIN.card(), Mtype::AUTH_BEGIN, &[0x80]);
    let (number, _) = daemon.for_card();
    daemon.router.card_completed(DOMAIN, number);
    let id = a.id;
    drop((a, b));
    let (_, ended) = daemon.for_card();
    assert_eq!(ended.header.src, DOMAIN.entity(Port::DAEMON));
    assert_eq!(CapabilityEnded::from_param(&ended.param).unwrap().id, id);
    daemon.until(|table| table.ids.is_empty());
    // The other one never authenticated: the card is not bothered with it.
    let mut c = daemon.acquire();
    c.send(DOMAIN.card(), PRIVATE, b"next");
    assert_eq!(daemon.for_card().1.param, b"next");
}

/// A durable id outlives its connection, the authentication does not.
#[test]
fn a_card_is_told_when_a_durable_id_is_left_or_released() {
    for ids_left in [1, 0] {
        let mut daemon = daemon();
        let mut a = daemon.greet();
        a.acquire(true);
        a.send(DOMAIN.card(), Mtype::AUTH_BEGIN, &[0x80]);
        let (number, _) = daemon.for_card();
        daemon.router.card_completed(DOMAIN, number);
        let id = a.id;
        if ids_left == 0 {
            a.say(kind::RELEASE, &[0x80]);
        } else {
            drop(a);
        }
        let (_, ended) = daemon.for_card();
        assert_eq!(ended.header.src, DOMAIN.entity(Port::DAEMON));
        assert_eq!(CapabilityEnded::from_param(&ended.param).unwrap().id, id);
        daemon.until(|table| table.ids.len() == ids_left);
    }
}

#[test]
fn several_cards_are_told_apart() {
    let daemon = Setup::default().start();
    daemon.router.add_local_domain(ABROAD);
    let mut a = daemon.greet();
    let acquire = |domain| libetp::frame::body::Acquire {
        domain,
        durable: false,
    };
    let errors = [
        (None, libetp::frame::body::RequestError::NoSuchCard),
        (Some(ABROAD), libetp::frame::body::RequestError::CardGone),
        (
            Some(libetp::Domain([9; 12])),
            libetp::frame::body::RequestError::NoSuchCard,
        ),
    ];
    for (domain, error) in errors {
        let number = a.ask(kind::ACQUIRE, &acquire(domain));
        a.expect_refusal(number, error);
    }
    a.ask(kind::ACQUIRE, &acquire(Some(DOMAIN)));
    assert_eq!(a.acquired().id.domain, DOMAIN);
}
