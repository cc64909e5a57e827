//! A card that is carried to another host and back: the host that it left learns it from the card.

use std::fs;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use libetp::client::blocking::{Capability, CardSession, Connection};
use libetp::client::control::CardStatus;
use libetp::client::{CardPin, ClientError, Event};
use libetp::digest::Hash;
use libetp::params::runtime::{CardInfo, CardInfoRequest, EnrolHost, HostEnrolled};
use libetp::{Domain, Mtype, VerdictCode};
use nix::sys::signal::Signal;

use crate::host::{Daemon, Host, PIN, Scheme};

const TIMEOUT: Duration = Duration::from_secs(30);
const PRIVATE: Mtype = Mtype(0xC000);

fn address() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().to_string()
}

fn configure(host: &Host, card: &str, listen: &str, peer: (Hash, &str, Domain)) {
    let (key, address, domain) = peer;
    let key = libetp::text::hex(&key);
    host.write_config(&format!(
        "{card}[remote]\nlisten = \"{listen}\"\n\
         [[peer]]\nkey = \"{key}\"\naddress = \"{address}\"\ndomains = [\"{domain}\"]\n"
    ));
}

fn section(directory: &str) -> String {
    format!("[[card]]\nkind = \"soft\"\ndirectory = \"{directory}\"\nowners = [0]\n")
}

fn stop(daemon: Daemon) {
    daemon.signal(Signal::SIGTERM);
    assert_eq!(daemon.wait().code(), Some(0));
}

fn capability(host: &Host, domain: Domain) -> Result<Capability, ClientError> {
    let connection = Connection::open(host.socket(), "mover").unwrap();
    connection.acquire(Some(domain), false)
}

/// The owner says at `host` that the card is to live at the host with this key.
fn enrol(host: &Host, domain: Domain, host_key: Hash) {
    let mut capability = capability(host, domain).unwrap();
    let info: CardInfo = capability
        .call(domain.card(), &CardInfoRequest {}, TIMEOUT)
        .unwrap();
    let leaf = etp_pki::scheme::inspect(&info.certificate).unwrap();
    let pin = CardPin::new(domain, &info.certificate, leaf.agree.unwrap());
    let mut session = CardSession::authenticate(&mut capability, &pin, PIN, TIMEOUT).unwrap();
    let enrolled: HostEnrolled = session
        .order(&mut capability, &EnrolHost { host_key }, TIMEOUT)
        .unwrap();
    assert_eq!(enrolled.host_key, host_key);
}

fn card(daemon: &Daemon, domain: Domain) -> Option<CardStatus> {
    let cards = daemon.connect().status().cards;
    cards
        .into_iter()
        .find(|card| card.domain == domain.to_string())
}

#[track_caller]
fn until_state(daemon: &Daemon, domain: Domain, state: &str) -> CardStatus {
    let start = Instant::now();
    loop {
        match card(daemon, domain) {
            Some(card) if card.state == state => return card,
            other => assert!(start.elapsed() < TIMEOUT, "not {state}: {other:?}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn carry(from: &Host, directory: &str, to: &Host, into: &str) {
    let _ = fs::remove_dir_all(to.path(into));
    fs::rename(from.path(directory), to.path(into)).unwrap();
}

/// Sends as an id of the card, and returns the code of the verdict.
fn refused(capability: &mut Capability, dst: libetp::EntityId) -> u16 {
    capability.send(dst, PRIVATE, b"\x01").unwrap();
    match capability.event_within(TIMEOUT).unwrap() {
        Some(Event::Undelivered(undelivered)) => undelivered.verdict.code as u16,
        other => panic!("no verdict but {other:?}"),
    }
}

#[test]
fn a_card_that_moves_suspends_its_old_home_until_it_comes_back() {
    let scheme = Scheme::new();
    let (a, b) = (scheme.host(), scheme.host());
    let second = scheme.card(&a.path("second"), a.key);
    let (at_a, at_b) = (address(), address());
    configure(&a, &section("second"), &at_a, (b.key, &at_b, b.domain));
    configure(&b, &section("moved"), &at_b, (a.key, &at_a, second));
    let moves = a.domain;

    let daemon_a = a.start();
    enrol(&a, moves, b.key);
    stop(daemon_a);
    a.copy("card", "left-behind");
    carry(&a, "card", &b, "moved");
    carry(&a, "left-behind", &a, "card");
    let (daemon_a, daemon_b) = (a.start(), b.start());
    // What was left behind is as good as the card, until the card speaks.
    until_state(&daemon_a, moves, "live");
    let mut old = capability(&a, moves).unwrap();
    let mut stays = capability(&a, second).unwrap();
    let mut moved = capability(&b, moves).unwrap();
    let not_enrolled = VerdictCode::NotEnrolled as u16;
    assert_eq!(refused(&mut moved, stays.id()), not_enrolled);
    let status = until_state(&daemon_a, moves, "suspended");
    assert!(status.detail.contains("at another host"), "{status:?}");
    let suspended = VerdictCode::Suspended as u16;
    assert_eq!(refused(&mut old, stays.id()), suspended);
    assert_eq!(refused(&mut stays, old.id()), suspended);
    assert_eq!(refused(&mut stays, moves.card()), suspended);
    assert!(capability(&a, moves).is_err());
    drop((old, stays, moved));
    let counters = daemon_a.connect().status().counters;
    assert_eq!(counters.get("card-moved"), Some(&1), "{counters:?}");

    fs::create_dir(a.path("empty")).unwrap();
    // It outlives the daemon, with what was left behind and without it.
    stop(daemon_a);
    let daemon_a = a.start();
    until_state(&daemon_a, moves, "suspended");
    stop(daemon_a);
    a.copy("empty", "card");
    let daemon_a = a.start();
    until_state(&daemon_a, moves, "suspended");
    stop(daemon_a);

    enrol(&b, moves, a.key);
    stop(daemon_b);
    carry(&b, "moved", &a, "card");
    let daemon_a = a.start();
    until_state(&daemon_a, moves, "live");
    let mut back = capability(&a, moves).unwrap();
    let mut stays = capability(&a, second).unwrap();
    back.send(stays.id(), PRIVATE, b"\x02").unwrap();
    let came = stays.receive_within(TIMEOUT).unwrap().unwrap();
    assert_eq!(came.message.param, b"\x02");
    drop((back, stays));
    stop(daemon_a);
    until_state(&a.start(), moves, "live");
}
