//! Administrators' requests and what the table says of itself.

use libetp::frame::body::RequestError;
use libetp::frame::kind;
use libetp::limits::FRAME_BYTES_MAX;

use crate::harness::{DOMAIN, PRIVATE, Setup, UNANSWERED, daemon};

#[test]
fn an_administrator_is_answered_with_or_without_an_id() {
    let daemon = daemon();
    let mut a = daemon.greet();
    let number = a.say(kind::CONTROL, b"what the daemon makes of it");
    let came = a.come();
    assert_eq!((came.kind, came.number), (kind::CONTROL_REPLY, number));
    assert_eq!(came.body, b"what the daemon makes of it");
    a.acquire(false);
    let longest = vec![1; FRAME_BYTES_MAX];
    a.say(kind::CONTROL, &longest);
    assert_eq!(a.come().body, longest);
}

#[test]
fn a_reply_too_long_for_a_frame_is_a_verdict() {
    let daemon = daemon();
    let mut a = daemon.greet();
    let number = a.say(kind::CONTROL, b"x");
    a.come();
    let ticket = daemon.host.last_ticket();
    daemon
        .router
        .control_reply(ticket, vec![0; FRAME_BYTES_MAX + 1]);
    a.expect_refusal(number, RequestError::Quota);
    assert_eq!(a.flush(), []);
}

#[test]
fn a_snapshot_says_what_is_there() {
    let daemon = daemon();
    let mut parent = daemon.greet();
    parent.acquire(true);
    let mut other = daemon.acquire();
    other.send(parent.id, PRIVATE, b"12345");
    assert_eq!(other.flush(), []);
    let table = daemon.snapshot();
    assert_eq!(table.ids.len(), 2);
    let entry = table
        .ids
        .iter()
        .find(|entry| entry.id == parent.id)
        .unwrap();
    assert_eq!((entry.name.as_str(), entry.durable), ("test", true));
    assert_eq!(entry.uid, nix::unistd::geteuid().as_raw());
    assert_eq!(entry.pid, Some(std::process::id() as i32));
    assert_eq!((entry.waiting, entry.waiting_bytes), (1, 34 + 5 + 64));
    assert_eq!(table.domains.len(), 1);
    assert_eq!(
        (table.domains[0].domain, table.domains[0].ports_left),
        (DOMAIN, 254)
    );
    assert_eq!(table.counters["messages-stored"], 1);
    parent.come().delivery();
    parent.taken(1);
    assert_eq!(parent.flush(), []);
    assert_eq!(daemon.counter("messages-taken"), 1);
}

#[test]
fn a_trace_says_what_came_and_what_became_of_it_but_never_a_param() {
    let setup = Setup {
        trace: true,
        ..Setup::default()
    };
    let daemon = setup.start();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    a.send(b.id, PRIVATE, &[7; 60_000]);
    b.come().delivery();
    a.send(DOMAIN.entity(libetp::Port(9_999)), PRIVATE, b"");
    assert_eq!(a.flush().len(), 1);
    daemon.until(|_| daemon.host.traces.lock().unwrap().len() == 2);
    let traces = daemon.host.traces.lock().unwrap();
    let outcomes: Vec<_> = traces
        .iter()
        .map(|trace| (trace.entry, trace.outcome))
        .collect();
    assert_eq!(
        outcomes,
        [("app", "stored"), ("app", "unknown-destination")]
    );
    assert_eq!((traces[0].header.src, traces[0].bytes), (a.id, 60_034));
    assert!(traces[0].cpu_us > 0, "copying 60,000 bytes takes time");
}

#[test]
fn control_requests_that_wait_for_an_answer_are_limited() {
    let daemon = daemon();
    let mut a = daemon.greet();
    for _ in 0..dispatchd::table::CONTROLS_MAX {
        a.say(kind::CONTROL, UNANSWERED);
    }
    let number = a.say(kind::CONTROL, b"one more");
    a.expect_refusal(number, RequestError::Quota);
    daemon
        .router
        .control_reply(daemon.host.last_ticket(), b"at last".to_vec());
    assert_eq!(a.come().body, b"at last");
    a.say(kind::CONTROL, b"one more");
    assert_eq!(a.come().body, b"one more");
}
