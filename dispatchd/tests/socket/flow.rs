//! Full mailboxes, slow readers, greedy senders.

use libetp::VerdictCode;
use libetp::frame::body::RequestError;
use libetp::frame::{self, kind};

use dispatchd::router::{Limits, QuotaLimits};
use dispatchd::table::{MESSAGE_OVERHEAD_BYTES, SLICE_FRAMES, charge};

use crate::harness::{PRIVATE, Program, Setup, daemon, send_body};

#[test]
fn a_mailbox_takes_what_it_may_and_names_what_is_too_much() {
    let limits = Limits {
        mailbox_messages_max: 20,
        ..Limits::default()
    };
    let daemon = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    // One sender alone gets half: the rest is for newcomers.
    for _ in 0..10 {
        a.send(b.id, PRIVATE, b"");
    }
    assert_eq!(a.flush(), []);
    let eleventh = a.send(b.id, PRIVATE, b"");
    a.expect_failed(eleventh, VerdictCode::MailboxFull);
    assert_eq!(daemon.counter("mailbox-share"), 1);
    b.come().delivery();
    b.taken(1);
    assert_eq!(b.flush().len(), 9);
    a.send(b.id, PRIVATE, b"");
    assert_eq!(a.flush(), []);
}

#[test]
fn all_that_a_program_wrote_at_once_before_it_left_is_delivered() {
    let daemon = daemon();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    let count = 8 * SLICE_FRAMES + 1;
    let mut bytes = Vec::new();
    for at in 0..count {
        let body = send_body(b.id, PRIVATE, &at.to_be_bytes());
        frame::write(&mut bytes, kind::SEND, 100 + u64::from(at), &[&body]);
    }
    a.write(&bytes);
    drop(a);
    for at in 0..count {
        let (number, _, message) = b.come().delivery();
        assert_eq!(message.param, at.to_be_bytes());
        b.taken(number);
    }
}

#[test]
fn a_mailbox_is_limited_in_bytes_too() {
    let limits = Limits {
        mailbox_bytes_max: 4 * charge(134),
        ..Limits::default()
    };
    let daemon = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    let (mut a, b) = (daemon.acquire(), daemon.acquire());
    a.send(b.id, PRIVATE, &[0; 100]);
    a.send(b.id, PRIVATE, &[0; 100]);
    let third = a.send(b.id, PRIVATE, b"");
    a.expect_failed(third, VerdictCode::MailboxFull);
    let past = vec![0; 4 * charge(134) as usize - 34 - MESSAGE_OVERHEAD_BYTES as usize + 1];
    let mut c = daemon.acquire();
    let number = c.send(c.id, PRIVATE, &past);
    c.expect_failed(number, VerdictCode::MailboxFull);
    assert_eq!(daemon.counter("mailbox-full"), 1);
}

#[test]
fn a_sender_is_limited_over_all_mailboxes() {
    let limits = Limits {
        sender_messages_max: 5,
        ..Limits::default()
    };
    let daemon = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    let (mut a, b, c) = (daemon.acquire(), daemon.acquire(), daemon.acquire());
    for dst in [b.id, c.id, b.id, c.id, b.id] {
        a.send(dst, PRIVATE, b"");
    }
    assert_eq!(a.flush(), []);
    let sixth = a.send(c.id, PRIVATE, b"");
    a.expect_failed(sixth, VerdictCode::QuotaExceeded);
    drop(b);
    for _ in 0..3 {
        assert_eq!(a.come().kind, kind::VERDICT);
    }
    a.send(c.id, PRIVATE, b"");
    assert_eq!(a.flush(), []);
}

#[test]
fn what_is_taken_counts_no_more() {
    let limits = Limits {
        sender_messages_max: 5,
        ..Limits::default()
    };
    let setup = Setup {
        limits,
        ..Setup::default()
    };
    let daemon = setup.start();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    for n in 1..=20 {
        a.send(b.id, PRIVATE, b"");
        assert_eq!(b.come().delivery().0, n);
        b.taken(n);
        assert_eq!(b.flush(), []);
    }
    assert_eq!(a.flush(), []);
}

#[test]
fn a_reader_that_does_not_read_blocks_nobody_else() {
    let daemon = daemon();
    let (mut a, slow, mut b) = (daemon.acquire(), daemon.acquire(), daemon.acquire());
    let mut refused = 0;
    // More than the socket and the mailbox together take.
    for _ in 0..400 {
        a.send(slow.id, PRIVATE, &vec![0; 60_000]);
    }
    for came in a.flush() {
        assert_eq!(came.verdict().1, VerdictCode::MailboxFull as u16);
        refused += 1;
    }
    assert!(refused > 0);
    a.send(b.id, PRIVATE, b"meanwhile");
    assert_eq!(b.come().delivery().2.param, b"meanwhile");
    let mut slow = slow;
    for number in 1..=400 - refused {
        assert_eq!(slow.come().delivery().0, number);
        slow.taken(number);
    }
    assert_eq!(slow.flush(), []);
}

#[test]
fn a_sender_that_does_not_read_its_verdicts_is_not_read_until_it_does() {
    let limits = Limits {
        answers_bytes_max: 1_000,
        ..Limits::default()
    };
    let daemon = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    let mut a = daemon.acquire();
    let nobody = libetp::Domain([2; 12]).card();
    let mut one = Vec::new();
    frame::write(&mut one, kind::SEND, 7, &[&send_body(nobody, PRIVATE, b"")]);
    let mut writer = a.stream.try_clone().unwrap();
    let count = 40_000usize;
    let bytes = one.repeat(count);
    let writes = std::thread::spawn(move || std::io::Write::write_all(&mut writer, &bytes));
    let mut b = daemon.acquire();
    b.send(b.id, PRIVATE, b"others go on");
    b.come().delivery();
    for _ in 0..count {
        assert_eq!(a.come().verdict().1, VerdictCode::UnknownDestination as u16);
    }
    writes.join().unwrap().unwrap();
    assert_eq!(a.flush(), []);
}

#[test]
fn requests_are_done_as_their_answers_are_read_however_many_come_at_once() {
    let limits = Limits {
        answers_bytes_max: 100,
        ..Limits::default()
    };
    let daemon = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    let mut a = daemon.greet();
    let count = 1_000;
    let mut bytes = Vec::new();
    for number in 1..=count {
        frame::write(&mut bytes, kind::RELEASE, number, &[&[0x80]]);
    }
    a.write(&bytes);
    for number in 1..=count {
        a.expect_refusal(number, RequestError::State);
    }
    assert_eq!(a.flush(), []);
}

#[test]
fn connections_are_limited_by_user_and_the_limit_is_said() {
    let connections = QuotaLimits {
        connections_max: 10,
        connections_per_user_max: 2,
    };
    let daemon = Setup {
        connections,
        ..Setup::default()
    }
    .start();
    let (a, mut b) = (daemon.acquire(), daemon.acquire());
    let mut third = daemon.connect();
    third.expect_closing(RequestError::Quota);
    assert_eq!(daemon.host.count("connections-per-user"), 1);
    drop(a);
    daemon.until(|table| table.ids.len() == 1);
    assert_eq!(b.flush(), []);
    assert_eq!(daemon.acquire().flush(), []);
}

#[test]
fn ids_are_limited_by_user() {
    let limits = Limits {
        ids_per_user_max: 2,
        acquire_burst: 3,
        ..Limits::default()
    };
    let daemon = Setup {
        limits,
        ..Setup::default()
    }
    .start();
    let (mut a, _b) = (daemon.acquire(), daemon.acquire());
    let mut c = daemon.greet();
    let acquire = libetp::frame::body::Acquire {
        domain: None,
        durable: false,
    };
    let number = c.ask(kind::ACQUIRE, &acquire);
    c.expect_refusal(number, RequestError::Quota);
    assert_eq!(daemon.host.count("ids-per-user"), 1);
    a.say(kind::RELEASE, &[0x80]);
    assert_eq!(a.come().kind, kind::RELEASED);
    c.acquire(false);
    c.say(kind::RELEASE, &[0x80]);
    assert_eq!(c.come().kind, kind::RELEASED);
    let number = c.ask(kind::ACQUIRE, &acquire);
    let detail = c.expect_refusal(number, RequestError::Quota);
    assert!(detail.contains("too fast"), "{detail}");
}

#[test]
fn a_daemon_that_drains_says_so_and_one_that_ends_closes() {
    let daemon = daemon();
    let (mut a, mut b) = (daemon.acquire(), daemon.greet());
    daemon.router.drain();
    let number = a.send(a.id, PRIVATE, b"");
    a.expect_failed(number, VerdictCode::ShuttingDown);
    let acquire = libetp::frame::body::Acquire {
        domain: None,
        durable: false,
    };
    let number = b.ask(kind::ACQUIRE, &acquire);
    b.expect_refusal(number, RequestError::ShuttingDown);
    let mut c = daemon.connect();
    let hello = libetp::frame::body::Hello {
        version: 1,
        name: String::new(),
    };
    c.ask(kind::HELLO, &hello);
    c.expect_closing(RequestError::ShuttingDown);
    daemon.router.shutdown();
    a.expect_closing(RequestError::ShuttingDown);
    b.expect_closing(RequestError::ShuttingDown);
}

#[test]
fn a_daemon_without_descriptors_turns_programs_away_and_recovers() {
    let mut crowded = crate::helper::Crowded::start();
    let mut programs: Vec<_> = (0..100)
        .map(|_| Program::connect(crowded.socket()))
        .collect();
    // Its own files and the first programs took them all.
    programs[99].expect_closing(RequestError::Quota);
    programs[0].hello();
    drop(programs);
    crowded.wait_for_room();
    let mut late = Program::connect(crowded.socket());
    late.hello();
    late.acquire(false);
    crowded.end();
}
