//! Only the acquirer sends as an id (promise S2), each attack with its own counter.

use std::os::fd::AsRawFd;

use dispatchd::router::Entry;
use dispatchd::table::AUTH_FAILURES_BURST;
use libetp::frame::body::RequestError;
use libetp::frame::{self, kind};
use libetp::params::Param;
use libetp::params::host::Undeliverable;
use libetp::params::runtime::{AuthFailed, RefusalCode};
use libetp::{Domain, Message, Mtype, Port, VerdictCode};
use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

use crate::harness::{ABROAD, DOMAIN, Daemon, Memory, PRIVATE, Program, Setup, daemon, send_body};
use crate::helper;

#[test]
fn an_inherited_descriptor_is_refused_and_the_capability_ends() {
    let daemon = daemon();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    let inherited = a.stream.try_clone().unwrap();
    let said = helper::run(
        "inherit",
        daemon.socket(),
        &b.id.to_string(),
        Some(inherited),
    );
    assert_eq!(said, ["sent"]);
    a.expect_closing(RequestError::ForeignDescriptor);
    assert_eq!(daemon.host.count("foreign-descriptor"), 1);
    assert_eq!(b.flush(), []);
    daemon.until(|table| table.ids.len() == 1);
}

#[test]
fn another_user_gets_nothing_even_with_the_secret() {
    let daemon = daemon();
    let mut a = daemon.greet();
    a.acquire(true);
    let secret = a.secret.expect("it is durable");
    let argument = format!("{} {}", a.id, libetp::text::hex(&secret));
    let said = helper::run("other-user", daemon.socket(), &argument, None);
    let bad_secret = (RequestError::BadSecret as u16).to_string();
    let forbidden = (RequestError::Forbidden as u16).to_string();
    let refused = (VerdictCode::Refused as u16).to_string();
    assert_eq!(said, [bad_secret, forbidden, refused]);
    assert_eq!(daemon.host.count("bad-secret"), 1);
    assert_eq!(daemon.host.count("control-forbidden"), 1);
    assert_eq!(daemon.host.count("not-owner"), 1);
    let event = daemon.host.events.lock().unwrap();
    let of_nobody = |e: &&dispatchd::router::Event| {
        e.principal
            .is_some_and(|principal| principal.uid == helper::NOBODY)
    };
    assert_eq!(event.iter().filter(of_nobody).count(), 3);
}

#[test]
fn the_owner_of_one_card_tries_no_pin_at_another() {
    let mut daemon = daemon();
    daemon.router.set_owners(ABROAD, [helper::NOBODY]);
    let (port, mut other) = tokio::sync::mpsc::channel(1);
    let limits = dispatchd::table::CardLimits {
        message_bytes_max: 1_000,
    };
    daemon.router.attach_card(ABROAD, port, limits);
    daemon.router.ports(ABROAD, 1, 10);
    for (domain, is_owner) in [(DOMAIN, true), (ABROAD, false)] {
        let mut a = daemon.greet();
        let acquire = libetp::frame::body::Acquire {
            domain: Some(domain),
            durable: false,
        };
        a.ask(kind::ACQUIRE, &acquire);
        a.acquired();
        let number = a.send(domain.card(), Mtype::AUTH_BEGIN, &[0x80]);
        match is_owner {
            true => assert_eq!(daemon.for_card().1.header.src, a.id),
            false => {
                let detail = a.expect_failed(number, VerdictCode::Refused);
                assert!(detail.contains("not-owner"), "{detail}");
            }
        }
    }
    assert!(other.try_recv().is_err());
}

#[test]
fn a_guessed_secret_is_refused() {
    let daemon = daemon();
    let mut a = daemon.greet();
    a.acquire(true);
    let mut secret = a.secret.expect("it is durable");
    secret[31] ^= 1;
    let mut b = daemon.greet();
    let number = b.resume(a.id, secret);
    b.expect_refusal(number, RequestError::BadSecret);
    let number = b.resume(DOMAIN.entity(Port(99_999)), secret);
    b.expect_refusal(number, RequestError::BadSecret);
    let volatile = daemon.acquire();
    let number = b.resume(volatile.id, [0; 32]);
    b.expect_refusal(number, RequestError::BadSecret);
    assert_eq!(daemon.host.count("bad-secret"), 3);
    assert_eq!(a.flush(), [], "the owner goes on");
}

#[test]
fn a_card_sends_as_itself_only() {
    let mut daemon = daemon();
    let mut a = daemon.acquire();
    let forged = Message::new(DOMAIN.entity(Port(5)), a.id, PRIVATE, vec![]);
    daemon.router.submit(Entry::Card(DOMAIN), 1, forged);
    let (_, verdict) = daemon.for_card();
    let told = Undeliverable::from_param(&verdict.param).unwrap();
    assert_eq!(told.code, VerdictCode::Refused as u16);
    assert!(told.detail.starts_with("card-source"), "{}", told.detail);
    assert_eq!(daemon.host.count("card-source"), 1);
    assert_eq!(a.flush(), []);
}

#[test]
fn a_remote_host_forges_no_local_source() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    let sources = [DOMAIN.card(), a.id, DOMAIN.entity(Port(5))];
    for (number, src) in (1..).zip(sources) {
        let forged = Message::new(src, a.id, PRIVATE, vec![]);
        daemon.router.submit(Entry::Remote([1; 32]), number, forged);
    }
    daemon.until(|_| daemon.host.count("forged-source") == sources.len());
    let honest = Message::new(ABROAD.entity(Port(5)), a.id, PRIVATE, vec![7]);
    daemon
        .router
        .submit(Entry::Remote([1; 32]), 4, honest.clone());
    assert_eq!(a.come().delivery().2, honest);
}

#[test]
fn no_program_gives_the_daemons_orders_or_speaks_for_a_host_service() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    let orders = [
        Mtype::UNDELIVERABLE,
        Mtype::HELLO_CHALLENGE,
        Mtype::RESERVE_PORTS,
        Mtype::SERVE,
        Mtype::CAPABILITY_ENDED,
    ];
    for order in orders {
        let number = a.send(DOMAIN.card(), order, &[0x80]);
        a.expect_failed(number, VerdictCode::Refused);
    }
    assert_eq!(daemon.host.count("host-order"), orders.len());
    for port in [Port::DAEMON, Port::DIAGNOSTICS, Port(u32::MAX)] {
        let number = a.send(DOMAIN.entity(port), PRIVATE, b"");
        a.expect_failed(number, VerdictCode::Refused);
    }
    assert_eq!(daemon.host.count("reserved-port"), 3);
    assert!(daemon.host.messages.lock().unwrap().is_empty());
}

#[test]
fn passed_descriptors_are_never_installed() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    let mut bytes = Vec::new();
    frame::write(&mut bytes, kind::SEND, 9, &[&send_body(a.id, PRIVATE, b"")]);
    let descriptors = [a.stream.as_raw_fd(); 3];
    let control = [ControlMessage::ScmRights(&descriptors)];
    let pieces = [std::io::IoSlice::new(&bytes)];
    sendmsg::<()>(
        a.stream.as_raw_fd(),
        &pieces,
        &control,
        MsgFlags::empty(),
        None,
    )
    .unwrap();
    let before = std::fs::read_dir("/proc/self/fd").unwrap().count();
    let detail = a.expect_closing(RequestError::Protocol);
    assert!(detail.contains("descriptors"), "{detail}");
    assert!(std::fs::read_dir("/proc/self/fd").unwrap().count() <= before);
}

/// The card says so often that an authentication of `program` failed.
fn fail_to_authenticate(daemon: &Daemon, program: &mut Program, code: RefusalCode, times: u32) {
    for number in 1..=times {
        program.send(DOMAIN.card(), Mtype::AUTH_BEGIN, &[0x80]);
        assert_eq!(program.flush(), []);
        let failed = AuthFailed {
            code: code as u16,
            retries_left: 1,
            detail: String::new(),
        };
        let failed = failed.into_message(DOMAIN.card(), program.id);
        let entry = Entry::Card(DOMAIN);
        daemon.router.submit(entry, number.into(), failed);
        program.come().delivery();
    }
}

#[test]
fn failures_that_spent_no_try_of_a_pin_or_puk_make_nobody_wait() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    for code in [RefusalCode::NoChallenge, RefusalCode::Blocked] {
        fail_to_authenticate(&daemon, &mut a, code, AUTH_FAILURES_BURST + 1);
    }
    a.send(DOMAIN.card(), Mtype::AUTH, &[]);
    assert_eq!(a.flush(), []);
}

#[test]
fn a_user_that_fails_to_authenticate_too_often_has_to_wait() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    fail_to_authenticate(
        &daemon,
        &mut a,
        RefusalCode::WrongPin,
        AUTH_FAILURES_BURST - 1,
    );
    a.send(DOMAIN.card(), Mtype::AUTH, &[]);
    assert_eq!(a.flush(), []);
    fail_to_authenticate(&daemon, &mut a, RefusalCode::WrongPuk, 1);
    let mut b = daemon.acquire();
    let number = b.send(DOMAIN.card(), Mtype::AUTH, &[]);
    let detail = b.expect_failed(number, VerdictCode::Refused);
    assert!(detail.starts_with("auth-bucket"), "{detail}");
    let number = b.send(DOMAIN.card(), PRIVATE, &[]);
    assert_eq!(b.flush(), [], "{number} is no authentication");
}

#[test]
fn a_suspended_domain_neither_sends_nor_receives() {
    let daemon = Setup {
        store: Memory::default(),
        ..Setup::default()
    }
    .start();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    daemon.router.detach_card(DOMAIN, VerdictCode::Suspended);
    let number = a.send(b.id, PRIVATE, b"");
    a.expect_failed(number, VerdictCode::Suspended);
    let number = a.send(Domain([2; 12]).card(), PRIVATE, b"");
    a.expect_failed(number, VerdictCode::Suspended);
    let from_afar = Message::new(ABROAD.card(), b.id, PRIVATE, vec![]);
    daemon.router.submit(Entry::Remote([1; 32]), 1, from_afar);
    daemon.until(|table| table.counters.get("suspended") == Some(&3));
    assert_eq!(b.flush(), []);
}

#[test]
fn a_card_that_did_not_prove_itself_says_nothing_but_its_proof() {
    let daemon = daemon();
    let mut a = daemon.acquire();
    daemon.router.detach_card(DOMAIN, VerdictCode::CardGone);
    let card = DOMAIN.card();
    for dst in [a.id, ABROAD.card(), DOMAIN.entity(Port(70_000))] {
        daemon.router.set_routes(vec![(ABROAD, [1; 32])]);
        let message = Message::new(card, dst, PRIVATE, vec![]);
        daemon.router.submit(Entry::Card(DOMAIN), 1, message);
    }
    let hello = Message::new(card, DOMAIN.entity(Port::DAEMON), Mtype::HELLO, vec![]);
    daemon.router.submit(Entry::Card(DOMAIN), 2, hello.clone());
    daemon.until(|table| table.counters.get("card-not-live") == Some(&3));
    daemon.until(|_| daemon.host.messages.lock().unwrap().len() == 1);
    assert_eq!(
        daemon.host.messages.lock().unwrap()[0],
        (Entry::Card(DOMAIN), hello)
    );
    assert_eq!(a.flush(), []);
}
