//! Messages to other hosts, and what those hosts say of them.

use std::sync::{Arc, Mutex};

use dispatchd::router::{Entry, RemotePort};
use libetp::digest::Hash;
use libetp::frame::body::RequestError;
use libetp::params::Param;
use libetp::params::host::Undeliverable;
use libetp::verdict::Subject;
use libetp::{Domain, Message, Port, Verdict, VerdictCode};

use crate::harness::{ABROAD, DOMAIN, Daemon, PRIVATE, Setup, daemon};

const HOST: Hash = [9; 32];
/// A verdict on this message finds no room.
const NO_ROOM: u64 = 99;
const ELSEWHERE: Domain = Domain([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10]);

/// The other hosts: what they were sent, and told of their own messages.
#[derive(Default)]
struct Hosts(Mutex<Vec<(u64, Message)>>, Mutex<Vec<(u64, VerdictCode)>>);

impl RemotePort for Hosts {
    fn send(&self, _: Hash, number: u64, message: Message) -> Result<(), Verdict> {
        self.0.lock().unwrap().push((number, message));
        Ok(())
    }

    fn verdict(&self, _: Hash, _: Subject, number: u64, verdict: Verdict) -> bool {
        self.1.lock().unwrap().push((number, verdict.code));
        number != NO_ROOM
    }
}

fn link(daemon: &Daemon) -> Arc<Hosts> {
    let hosts = Arc::new(Hosts::default());
    daemon.router.attach_remote(hosts.clone());
    let routes = vec![(ABROAD, HOST), (ELSEWHERE, [10; 32])];
    daemon.router.set_routes(routes);
    hosts
}

fn refused(detail: &str) -> Verdict {
    Verdict::new(VerdictCode::Refused, detail)
}

#[test]
fn a_host_says_what_became_of_its_own_messages_and_of_no_others() {
    let daemon = daemon();
    let hosts = link(&daemon);
    let mut a = daemon.acquire();
    let first = a.send(ABROAD.entity(Port(1)), PRIVATE, b"theirs");
    a.send(ELSEWHERE.entity(Port(1)), PRIVATE, b"another's");
    assert_eq!(a.flush(), []);
    let sent = hosts.0.lock().unwrap().clone();
    let [(theirs, message), (others, _)] = &sent[..] else {
        panic!("two messages went to hosts: {sent:?}");
    };
    let subject = Subject::of(message);
    let guesses = (0..64).map(|bit| theirs ^ 1 << bit);
    let near = (1..4).flat_map(|n| [theirs + n, theirs.wrapping_sub(n), n]);
    let forged: Vec<_> = guesses.chain(near).chain([*others]).collect();
    for number in &forged {
        daemon.router.verdict(subject, *number, refused("forged"));
    }
    daemon.router.verdict(subject, *theirs, refused("true"));
    assert_eq!(a.expect_failed(first, VerdictCode::Refused), "true");
    assert_eq!(a.flush(), []);
    assert_eq!(daemon.counter("verdict-to-nobody"), forged.len() as u64);
}

#[test]
fn a_host_tells_a_card_nothing_of_messages_that_it_was_not_sent() {
    let mut daemon = Setup {
        threads: 3,
        ..Setup::default()
    }
    .start();
    let hosts = link(&daemon);
    for (dst, param) in [(ABROAD, "theirs"), (ELSEWHERE, "another's")] {
        let (src, param) = (DOMAIN.card(), param.into());
        let message = Message::new(src, dst.card(), PRIVATE, param);
        daemon.router.submit(Entry::Card(DOMAIN), 1, message);
    }
    daemon.until(|table| table.counters.get("to-remote") == Some(&2));
    let mut sent = hosts.0.lock().unwrap().clone();
    sent.sort_by_key(|(_, message)| message.header.dst);
    let [(theirs, message), (others, _)] = &sent[..] else {
        panic!("two messages went to hosts: {sent:?}");
    };
    let subject = Subject::of(message);
    let made_up = Subject {
        digest: [7; 16],
        ..subject
    };
    for (subject, number) in [(subject, 0), (subject, *others), (made_up, *theirs)] {
        daemon.router.verdict(subject, number, refused("forged"));
    }
    daemon.router.verdict(subject, *theirs, refused("true"));
    let (_, told) = daemon.for_card();
    let told = Undeliverable::from_param(&told.param).unwrap();
    assert_eq!(
        (told.detail.as_str(), told.digest),
        ("true", subject.digest)
    );
    assert_eq!(daemon.counter("verdict-to-nobody"), 3);
}

#[test]
fn a_program_that_does_not_read_what_a_host_repeats_is_closed() {
    let limits = dispatchd::router::Limits {
        answers_bytes_max: 1_000,
        ..Default::default()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let daemon = setup.start();
    let hosts = link(&daemon);
    let mut a = daemon.acquire();
    a.send(ABROAD.card(), PRIVATE, b"");
    assert_eq!(a.flush(), []);
    let (number, message) = hosts.0.lock().unwrap()[0].clone();
    let told = Subject::of(&message);
    for _ in 0..10_000 {
        daemon
            .router
            .verdict(told, number, refused(&"x".repeat(500)));
    }
    daemon.until(|table| table.ids.is_empty());
    let reason = RequestError::Quota as u16;
    let last = std::iter::from_fn(|| a.next()).last().unwrap();
    let closing: libetp::frame::body::Closing = last.read(libetp::frame::kind::CLOSING);
    assert_eq!(closing.reason, reason);
}

#[test]
fn mail_that_nobody_fetched_goes_back_when_the_daemon_ends() {
    let daemon = daemon();
    let hosts = link(&daemon);
    let mut wallet = daemon.greet();
    wallet.acquire(true);
    let id = wallet.id;
    drop(wallet);
    daemon.until(|table| table.ids.iter().all(|id| id.pid.is_none()));
    let mut b = daemon.acquire();
    let local = b.send(id, PRIVATE, b"waits");
    assert_eq!(b.flush(), []);
    let message = Message::new(ABROAD.entity(Port(1)), id, PRIVATE, vec![]);
    let submit = |number| {
        let entry = Entry::Remote(HOST);
        daemon.router.submit(entry, number, message.clone());
    };
    submit(7);
    daemon.until(|table| table.ids.iter().any(|id| id.waiting == 2));
    daemon.router.drain();
    daemon.router.return_mail();
    b.expect_failed(local, VerdictCode::ShuttingDown);
    submit(8);
    daemon.until(|table| table.counters.get("shutting-down") == Some(&1));
    let told = [7, 8].map(|number| (number, VerdictCode::ShuttingDown));
    assert_eq!(*hosts.1.lock().unwrap(), told);
    assert!(daemon.snapshot().ids.iter().all(|id| id.waiting == 0));
}

#[test]
fn verdicts_that_do_not_reach_a_host_are_counted() {
    let daemon = daemon();
    let to_nobody = Message::new(ABROAD.card(), DOMAIN.entity(Port(77)), PRIVATE, vec![]);
    let submit = |number| {
        let entry = Entry::Remote(HOST);
        daemon.router.submit(entry, number, to_nobody.clone());
    };
    let is_lost = |count| {
        daemon.until(|table| table.counters.get("host-verdicts-lost") == Some(&count));
    };
    submit(1);
    is_lost(1);
    let hosts = link(&daemon);
    submit(2);
    submit(NO_ROOM);
    is_lost(2);
    assert_eq!(hosts.1.lock().unwrap().len(), 2);
}
