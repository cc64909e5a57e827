//! Two real daemons and the link between them.

use std::net::UdpSocket;

use libetp::{Mtype, Port, VerdictCode};
use nix::sys::signal::Signal;

use crate::host::{Daemon, Host, Scheme};

/// An address that is free now.
fn address() -> String {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

fn peer(host: &Host, address: &str) -> String {
    let key = libetp::text::hex(&host.key);
    format!(
        "[[peer]]\nkey = \"{key}\"\naddress = \"{address}\"\ndomains = [\"{}\"]\n",
        host.domain
    )
}

/// Two hosts that know each other.
fn acquainted() -> (Host, Host) {
    let scheme = Scheme::new();
    let (a, b) = (scheme.host(), scheme.host());
    let (at_a, at_b) = (address(), address());
    a.write_config(&format!(
        "[remote]\nlisten = \"{at_a}\"\n{}",
        peer(&b, &at_b)
    ));
    b.write_config(&format!(
        "[remote]\nlisten = \"{at_b}\"\n{}",
        peer(&a, &at_a)
    ));
    (a, b)
}

/// Two hosts that know each other, running.
fn linked() -> (Host, Daemon, Host, Daemon) {
    let (a, b) = acquainted();
    let (daemon_a, daemon_b) = (a.start(), b.start());
    (a, daemon_a, b, daemon_b)
}

#[test]
fn messages_cross_after_the_cards_stated_their_homes() {
    let (_host_a, daemon_a, host_b, daemon_b) = linked();
    let (mut a, mut b) = (daemon_a.connect(), daemon_b.connect());
    let (id_a, id_b) = (a.acquire(false).id, b.acquire(false).id);
    a.message(id_b, Mtype(0xC000), b"\x01");
    let there = b.next().unwrap().message();
    assert_eq!((there.header.src, there.header.dst), (id_a, id_b));
    b.message(id_a, Mtype(0xC000), b"\x02");
    let back = a.next().unwrap().message();
    assert_eq!(
        (back.header.src, back.param.as_slice()),
        (id_b, b"\x02".as_slice())
    );

    let number = a.message(
        host_b.domain.entity(Port(4_000_000_000)),
        Mtype(0xC000),
        b"\x03",
    );
    assert_eq!(
        a.answer(number).verdict(),
        VerdictCode::UnknownDestination as u16
    );
    let status = daemon_a.connect().status();
    assert_eq!(status.links[0].state, "up");
    assert!(
        status.links[0].sent >= 2 && status.links[0].received >= 1,
        "{:?}",
        status.links
    );
}

/// What an honest operator restores and accepts is not taken for an old home by other hosts: no
/// number of a statement is given out twice.
#[test]
fn other_hosts_believe_a_card_that_was_restored_and_accepted() {
    let (host_a, host_b) = acquainted();
    host_b.copy("card", "fresh");
    let (daemon_a, daemon_b) = (host_a.start(), host_b.start());
    let mut a = daemon_a.connect();
    let to = a.acquire(false).id;
    let mut b = daemon_b.connect();
    let durable = b.acquire(true);
    b.message(to, Mtype(0xC000), b"\x01");
    assert_eq!(a.next().unwrap().message().param, b"\x01");
    daemon_b.signal(Signal::SIGTERM);
    daemon_b.wait();

    host_b.copy("fresh", "card");
    let domain = host_b.domain.to_string();
    let accepted = host_b.run(&["--accept-rollback", &domain, "--confirm"]);
    assert_eq!(accepted.0, Some(0), "{}", accepted.2);
    let daemon_b = host_b.start();
    let mut b = daemon_b.connect();
    b.resume(durable.id, durable.secret.unwrap());
    b.message(to, Mtype(0xC000), b"\x02");
    assert_eq!(a.next().unwrap().message().param, b"\x02");
    let counters = daemon_a.connect().status().counters;
    assert_eq!(counters.get("statement-stale"), None, "{counters:?}");
}

#[test]
fn a_daemon_that_ends_tells_another_host_what_nobody_took() {
    let (_host_a, daemon_a, _host_b, daemon_b) = linked();
    let (mut a, mut b) = (daemon_a.connect(), daemon_b.connect());
    a.acquire(false);
    let number = a.message(b.acquire(true).id, Mtype(0xC000), b"\x01");
    assert_eq!(b.next().unwrap().message().param, b"\x01");
    drop(b);
    daemon_b.signal(Signal::SIGTERM);
    assert_eq!(
        a.answer(number).verdict(),
        VerdictCode::Unknown as u16,
        "it was delivered and not taken"
    );
}

#[test]
fn a_link_comes_up_again_after_the_other_host_was_killed() {
    let (_host_a, daemon_a, host_b, daemon_b) = linked();
    let (mut a, mut b) = (daemon_a.connect(), daemon_b.connect());
    a.acquire(false);
    let durable = b.acquire(true);
    a.message(durable.id, Mtype(0xC000), b"\x01");
    assert_eq!(b.next().unwrap().message().param, b"\x01");
    daemon_b.signal(Signal::SIGKILL);
    daemon_b.wait();

    let daemon_b = host_b.start();
    let mut b = daemon_b.connect();
    b.resume(durable.id, durable.secret.unwrap());
    // While the link is down or the other side is new, messages may be answered by a verdict.
    let mut sent = 0;
    let arrived = loop {
        sent += 1;
        assert!(sent <= 10, "{:?}", daemon_a.connect().status().links);
        a.message(durable.id, Mtype(0xC000), &[sent]);
        if let Some(frame) = b.next_within(std::time::Duration::from_secs(3)) {
            break frame.message().param;
        }
    };
    assert!(arrived[0] <= sent);
}
