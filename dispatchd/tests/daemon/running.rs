//! The real daemon with one soft card, and programs that speak raw frames to it.

use libetp::client::control::{ControlReply, ControlRequest};
use libetp::frame::body::{Acquire, Acquired, Closing, RequestError};
use libetp::frame::kind;
use libetp::params::Param;
use libetp::params::host::{Ping, Pong};
use libetp::{Mtype, Port, VerdictCode};
use nix::sys::signal::Signal;

use crate::host::Scheme;

#[test]
fn a_program_acquires_an_id_from_the_card_and_sends_with_it() {
    let host = Scheme::new().host();
    let daemon = host.start();
    let mut program = daemon.connect();
    let acquired = program.acquire(false);
    assert_eq!(acquired.id.domain, host.domain);
    assert!(acquired.id.port.is_assignable());
    assert_eq!((acquired.secret, acquired.resumed), (None, false));

    let nonce = b"raw".to_vec();
    let diagnostics = host.domain.entity(Port::DIAGNOSTICS);
    program.message(
        diagnostics,
        Mtype::PING,
        &libetp::codec::to_vec(&Ping {
            nonce: nonce.clone(),
        }),
    );
    let pong = program.next().unwrap().message();
    assert_eq!(
        (pong.header.src, pong.header.dst),
        (diagnostics, acquired.id)
    );
    assert_eq!(Pong::from_param(&pong.param).unwrap().nonce, nonce);

    let nobody = host.domain.entity(Port(4_000_000_000));
    let number = program.message(nobody, Mtype::PING, &[0x80]);
    assert_eq!(
        program.answer(number).verdict(),
        VerdictCode::UnknownDestination as u16
    );
    let number = program.flush();
    assert_eq!(program.answer(number).kind, kind::FLUSHED);
}

#[test]
fn two_programs_have_two_ids_and_exchange_messages() {
    let host = Scheme::new().host();
    let daemon = host.start();
    let (mut a, mut b) = (daemon.connect(), daemon.connect());
    let (id_a, id_b) = (a.acquire(false).id, b.acquire(false).id);
    assert_ne!(id_a, id_b);
    a.message(id_b, Mtype(0xC000), b"\x01");
    let message = b.next().unwrap().message();
    assert_eq!((message.header.src, message.header.dst), (id_a, id_b));
    assert_eq!(message.param, b"\x01");
}

#[test]
fn more_ids_than_one_block_of_ports_are_all_different() {
    let host = Scheme::new().host();
    let daemon = host.start();
    let mut programs: Vec<_> = (0..300).map(|_| daemon.connect()).collect();
    let ids: std::collections::BTreeSet<_> = programs
        .iter_mut()
        .map(|program| program.acquire(false).id)
        .collect();
    assert_eq!(ids.len(), 300);
}

#[test]
fn durable_ids_survive_a_kill_and_no_port_is_handed_out_twice() {
    let host = Scheme::new().host();
    let daemon = host.start();
    let mut program = daemon.connect();
    let durable = program.acquire(true);
    let fleeting = daemon.connect().acquire(false);
    daemon.signal(Signal::SIGKILL);
    daemon.wait();
    assert!(host.socket().exists(), "a killed daemon leaves its socket");

    let daemon = host.start();
    let mut again = daemon.connect();
    let frame = again.resume(durable.id, durable.secret.unwrap());
    assert_eq!(frame.kind, kind::ACQUIRED);
    let resumed: Acquired = frame.body();
    assert_eq!((resumed.id, resumed.resumed), (durable.id, true));
    assert_ne!(resumed.secret, durable.secret);

    let number = again.flush();
    assert_eq!(again.answer(number).kind, kind::FLUSHED);
    let refused = daemon.connect().resume(durable.id, durable.secret.unwrap());
    assert_eq!(refused.verdict(), RequestError::SecretReused as u16);

    let fresh = daemon.connect().acquire(false);
    assert!(fresh.id.port > fleeting.id.port && fresh.id.port > durable.id.port);
}

#[test]
fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let host = Scheme::new().host();
    let daemon = host.start();
    let (code, _, stderr) = host.run(&[]);
    assert_eq!(code, Some(4), "{stderr}");
    assert!(
        stderr.contains(&format!("another dispatchd (process {})", daemon.pid())),
        "{stderr}"
    );
    daemon.connect().acquire(false);
}

#[test]
fn a_stop_delivers_what_was_sent_and_takes_nothing_new() {
    let host = Scheme::new().host();
    let daemon = host.start();
    let (mut a, mut b) = (daemon.connect(), daemon.connect());
    let (_, id_b) = (a.acquire(false).id, b.acquire(false).id);
    a.message(id_b, Mtype(0xC000), b"\x01");
    let number = a.flush();
    assert_eq!(a.answer(number).kind, kind::FLUSHED);
    daemon.signal(Signal::SIGTERM);

    // Not taken yet, so the daemon still waits for b.
    let delivery = b.next().unwrap();
    assert_eq!(delivery.message().param, b"\x01");
    loop {
        let number = a.message(id_b, Mtype(0xC000), b"\x02");
        let flush = a.flush();
        let frame = a.next().unwrap();
        if frame.number == number {
            assert_eq!(frame.verdict(), VerdictCode::ShuttingDown as u16);
            break;
        }
        // The signal has not arrived yet: that message was taken.
        assert_eq!((frame.kind, frame.number), (kind::FLUSHED, flush));
    }
    let mut last = delivery.number;
    while let Some(frame) = {
        b.write_taken(last);
        b.next()
    } {
        match frame.kind {
            kind::DELIVER => last = frame.number,
            kind::CLOSING => {
                let closing: Closing = frame.body();
                assert_eq!(closing.reason, RequestError::ShuttingDown as u16);
                break;
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(daemon.wait().code(), Some(0), "{}", host.log());
    assert!(!host.socket().exists());
}

#[test]
fn a_stop_does_not_wait_for_ever_and_says_so() {
    let host = Scheme::new().host();
    host.write_config("[limits]\ndrain_ms_max = 50\n");
    let daemon = host.start();
    let (mut a, mut b) = (daemon.connect(), daemon.connect());
    let (_, id_b) = (a.acquire(false).id, b.acquire(false).id);
    a.message(id_b, Mtype(0xC000), b"\x01");
    assert_eq!(b.next().unwrap().kind, kind::DELIVER);
    daemon.signal(Signal::SIGINT);
    assert_eq!(daemon.wait().code(), Some(5), "{}", host.log());
}

#[test]
fn hanging_up_does_not_end_the_daemon() {
    let host = Scheme::new().host();
    let daemon = host.start();
    daemon.signal(Signal::SIGHUP);
    daemon.connect().acquire(false);
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(
        host.log().contains("the configuration names no rule file"),
        "{}",
        host.log()
    );
}

#[test]
fn status_cards_routes_ids_and_trace_tell_what_is() {
    let host = Scheme::new().host();
    let daemon = host.start();
    let mut program = daemon.connect();
    let id = program.acquire(true).id;
    let diagnostics = host.domain.entity(Port::DIAGNOSTICS);
    program.message(
        diagnostics,
        Mtype::PING,
        &libetp::codec::to_vec(&Ping { nonce: vec![7; 9] }),
    );
    assert_eq!(program.next().unwrap().kind, kind::DELIVER);

    let mut admin = daemon.connect();
    let status = admin.status();
    assert_eq!(
        (status.pid, status.state.as_str()),
        (daemon.pid(), "running")
    );
    assert_eq!(status.at_rest, "none");
    assert!(
        status
            .warnings
            .iter()
            .any(|words| words.contains("at-rest: none"))
    );
    let card = &status.cards[0];
    assert_eq!(
        (card.domain.as_str(), card.state.as_str()),
        (host.domain.to_string().as_str(), "live")
    );
    assert!(
        card.apdus >= 2 && card.ports_left > 0 && card.generation >= 2,
        "{card:?}"
    );

    let ControlReply::Ids(ids) = admin.control(&ControlRequest::Ids) else {
        panic!()
    };
    let entry = ids.iter().find(|entry| entry.id == id.to_string()).unwrap();
    assert!(entry.durable && entry.connected && entry.name == "test");
    let ControlReply::Routes(routes) = admin.control(&ControlRequest::Routes) else {
        panic!()
    };
    assert_eq!(
        (routes[0].via.as_str(), routes[0].state.as_str()),
        ("card", "live")
    );

    let trace = ControlRequest::Trace {
        after: 0,
        limit: 100,
    };
    let ControlReply::Trace(trace) = admin.control(&trace) else {
        panic!()
    };
    let ping = trace
        .messages
        .iter()
        .find(|record| record.mtype == Mtype::PING.0)
        .unwrap();
    assert_eq!(
        (ping.src.as_str(), ping.entry.as_str()),
        (id.to_string().as_str(), "app")
    );
    let hello = trace
        .apdus
        .iter()
        .find(|apdu| apdu.mtypes_in == [Mtype::HELLO_CHALLENGE.0]);
    assert_eq!(hello.unwrap().mtypes_out, [Mtype::HELLO.0]);
}

#[test]
fn a_card_that_does_not_open_is_named_and_the_daemon_runs() {
    let host = Scheme::new().host();
    std::fs::write(host.path("card/card.redb"), b"nonsense").unwrap();
    let daemon = host.start();
    let mut program = daemon.connect();
    let card = &program.status().cards[0];
    assert_eq!(card.state, "gone");
    assert!(card.detail.contains("card.redb"), "{}", card.detail);
    let directory = host.path("card").display().to_string();
    let warnings = program.status().warnings;
    let named = |warning: &String| warning.starts_with(&format!("card: gone: {directory}: "));
    assert!(warnings.iter().any(named), "{warnings:?}");
    let number = program.send(
        kind::ACQUIRE,
        &Acquire {
            domain: None,
            durable: false,
        },
    );
    let code = program.answer(number).verdict();
    assert_eq!(code, RequestError::NoSuchCard as u16);
}
