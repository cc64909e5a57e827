//! Several I/O threads are one table.

use libetp::codec;
use libetp::frame::body::{Derive, Resume, Token};
use libetp::frame::{self, kind};
use libetp::{Message, Verdict, VerdictCode};

use dispatchd::router::Entry;

use crate::harness::{Came, DOMAIN, Daemon, PRIVATE, Program, Setup, UNANSWERED};

/// Programs are spread over the threads in turn.
fn spread(daemon: &Daemon, count: usize) -> Vec<Program> {
    (0..count).map(|_| daemon.acquire()).collect()
}

#[test]
fn everybody_reaches_everybody_in_order() {
    let daemon = Setup {
        threads: 3,
        ..Setup::default()
    }
    .start();
    let mut programs = spread(&daemon, 6);
    let ids: Vec<_> = programs.iter().map(|program| program.id).collect();
    for program in &mut programs {
        for round in 0..20u8 {
            for id in &ids {
                program.send(*id, PRIVATE, &[round]);
            }
        }
    }
    for program in &mut programs {
        let mut next = std::collections::BTreeMap::new();
        for _ in 0..20 * ids.len() {
            let (_, _, message) = program.come().delivery();
            let expected = next.entry(message.header.src).or_insert(0u8);
            assert_eq!(message.param, [*expected]);
            *expected += 1;
        }
        assert!(next.values().all(|&count| count == 20));
    }
}

#[test]
fn verdicts_of_other_threads_come_before_the_answer_to_a_flush() {
    let limits = dispatchd::router::Limits {
        mailbox_messages_max: 2,
        ..Default::default()
    };
    let daemon = Setup {
        threads: 3,
        limits,
        ..Setup::default()
    }
    .start();
    let mut programs = spread(&daemon, 3);
    let ids: Vec<_> = programs.iter().map(|program| program.id).collect();
    let a = &mut programs[0];
    for id in &ids[1..] {
        a.send(*id, PRIVATE, b"fits");
        a.send(*id, PRIVATE, b"does not");
    }
    let mut codes: Vec<_> = a.flush().iter().map(|came| came.verdict()).collect();
    codes.sort_unstable();
    let full = VerdictCode::MailboxFull as u16;
    let refused: Vec<_> = codes.iter().map(|(_, code, _)| *code).collect();
    assert_eq!(refused, [full, full]);
}

#[test]
fn a_resume_and_an_adoption_find_their_thread() {
    let daemon = Setup {
        threads: 3,
        ..Setup::default()
    }
    .start();
    for _ in 0..4 {
        let mut owner = daemon.greet();
        owner.acquire(true);
        let (id, secret) = (owner.id, owner.secret.expect("it is durable"));
        owner.ask(
            kind::DERIVE,
            &Derive {
                destinations: None,
                mtypes: None,
            },
        );
        let token: Token = owner.come().read(kind::DERIVED);
        let mut derived = daemon.greet();
        derived.ask(kind::ADOPT, &token);
        assert_eq!(derived.acquired().id, id);
        derived.send(id, PRIVATE, b"from the child");
        assert_eq!(owner.come().delivery().2.header.src, id);
        let mut newer = daemon.greet();
        newer.resume(id, secret);
        // What comes behind the request moves with the connection.
        newer.send(id, PRIVATE, b"at once");
        assert!(newer.acquired().resumed);
        assert_eq!(newer.come().delivery().2.param, b"from the child");
        assert_eq!(newer.come().delivery().2.param, b"at once");
    }
}

#[test]
fn cards_are_reached_from_every_thread() {
    let mut daemon = Setup {
        threads: 3,
        ..Setup::default()
    }
    .start();
    let mut programs = spread(&daemon, 3);
    for program in &mut programs {
        program.send(DOMAIN.card(), PRIVATE, b"order");
        let (number, message) = daemon.for_card();
        assert_eq!(message.header.src, program.id);
        daemon.router.card_completed(DOMAIN, number);
        let answer = Message::new(DOMAIN.card(), program.id, PRIVATE, b"done".to_vec());
        daemon.router.submit(Entry::Card(DOMAIN), number, answer);
        assert_eq!(program.come().delivery().2.param, b"done");
    }
}

fn two_threads(limits: dispatchd::router::Limits) -> Daemon {
    Setup {
        threads: 2,
        limits,
        ..Setup::default()
    }
    .start()
}

/// Writes all frames at once, numbered from `first`.
fn pipeline(program: &mut Program, first: u64, frames: &[(u8, Vec<u8>)]) {
    let mut bytes = Vec::new();
    for (number, (kind, body)) in (first..).zip(frames) {
        frame::write(&mut bytes, *kind, number, &[body]);
    }
    program.write(&bytes);
}

/// The durable id of a program that is gone, and its secret.
fn durable(daemon: &Daemon) -> Resume {
    let mut owner = daemon.greet();
    owner.acquire(true);
    let secret = owner.secret.expect("it is durable");
    Resume {
        id: owner.id,
        secret,
    }
}

/// Reads until every one of these frames came; their order among each other is free.
#[track_caller]
fn expect_all(program: &mut Program, expected: &[(u8, u64)]) -> Vec<Came> {
    let came: Vec<_> = expected.iter().map(|_| program.come()).collect();
    let mut got: Vec<_> = came.iter().map(|came| (came.kind, came.number)).collect();
    let mut expected = expected.to_vec();
    got.sort_unstable();
    expected.sort_unstable();
    assert_eq!(got, expected);
    came
}

#[test]
fn what_was_asked_before_a_connection_moves_is_answered() {
    let daemon = two_threads(Default::default());
    // One of two programs that connect in turn moves to the thread of the id.
    for _ in 0..6 {
        let asked = durable(&daemon);
        let mut program = daemon.greet();
        let resume = codec::to_vec(&asked);
        let frames = [
            (kind::FLUSH, Vec::new()),
            (kind::CONTROL, b"asked".to_vec()),
            (kind::DERIVE, vec![0x82, 0xf6, 0xf6]),
            (kind::FLUSH, Vec::new()),
            (kind::RESUME, resume),
            (kind::FLUSH, Vec::new()),
        ];
        pipeline(&mut program, 2, &frames);
        let expected = [
            (kind::FLUSHED, 2),
            (kind::CONTROL_REPLY, 3),
            (kind::VERDICT, 4),
            (kind::FLUSHED, 5),
            (kind::ACQUIRED, 6),
            (kind::FLUSHED, 7),
        ];
        expect_all(&mut program, &expected);
    }
}

#[test]
fn an_adoption_that_moves_loses_no_answer() {
    let daemon = two_threads(Default::default());
    let mut owner = daemon.acquire();
    for _ in 0..4 {
        let anything = Derive {
            destinations: None,
            mtypes: None,
        };
        owner.ask(kind::DERIVE, &anything);
        let token: Token = owner.come().read(kind::DERIVED);
        let mut program = daemon.greet();
        let frames = [
            (kind::CONTROL, b"asked".to_vec()),
            (kind::FLUSH, Vec::new()),
            (kind::ADOPT, codec::to_vec(&token)),
        ];
        pipeline(&mut program, 2, &frames);
        let expected = [
            (kind::CONTROL_REPLY, 2),
            (kind::FLUSHED, 3),
            (kind::ACQUIRED, 4),
        ];
        expect_all(&mut program, &expected);
    }
}

#[test]
fn an_answer_that_comes_late_finds_the_connection_where_it_went() {
    let daemon = two_threads(Default::default());
    for _ in 0..4 {
        let asked = durable(&daemon);
        let mut program = daemon.greet();
        let frames = [
            (kind::CONTROL, UNANSWERED.to_vec()),
            (kind::RESUME, codec::to_vec(&asked)),
        ];
        pipeline(&mut program, 2, &frames);
        assert_eq!(program.come().kind, kind::ACQUIRED);
        let other = daemon.greet();
        let ticket = daemon.host.last_ticket();
        daemon.router.control_reply(ticket, b"at last".to_vec());
        let came = program.come();
        assert_eq!((came.kind, came.number), (kind::CONTROL_REPLY, 2));
        assert_eq!(came.body, b"at last");
        drop(other);
    }
}

/// Verdicts about what was sent as an id that was released since.
#[test]
fn verdicts_follow_a_connection_that_released_and_moved() {
    let limits = dispatchd::router::Limits {
        mailbox_messages_max: 2,
        ..Default::default()
    };
    let mut daemon = two_threads(limits);
    let mut others = spread(&daemon, 2);
    let full: Vec<_> = others.iter().map(|other| other.id).collect();
    for (sender, id) in others.iter_mut().zip(&full) {
        sender.send(*id, PRIVATE, b"fills it");
        sender.flush();
    }
    let mailbox_full = VerdictCode::MailboxFull as u16;
    let gone = Verdict::new(VerdictCode::CardGone, "a test");
    for _ in 0..6 {
        let ids: Vec<_> = (0..2).map(|_| durable(&daemon)).collect();
        let mut program = daemon.acquire();
        let send = |id| (kind::SEND, crate::harness::send_body(id, PRIVATE, b"x"));
        let release = || (kind::RELEASE, vec![0x80]);
        let frames = [
            send(DOMAIN.card()),
            send(full[0]),
            send(full[1]),
            release(),
            (kind::RESUME, codec::to_vec(&ids[0])),
            send(full[0]),
            send(full[1]),
            release(),
            (kind::RESUME, codec::to_vec(&ids[1])),
            (kind::FLUSH, Vec::new()),
        ];
        pipeline(&mut program, 11, &frames);
        let expected = [
            (kind::VERDICT, 12),
            (kind::VERDICT, 13),
            (kind::RELEASED, 14),
            (kind::ACQUIRED, 15),
            (kind::VERDICT, 16),
            (kind::VERDICT, 17),
            (kind::RELEASED, 18),
            (kind::ACQUIRED, 19),
            (kind::FLUSHED, 20),
        ];
        let came = expect_all(&mut program, &expected);
        let verdicts = came.iter().filter(|came| came.kind == kind::VERDICT);
        assert!(
            verdicts
                .into_iter()
                .all(|came| came.verdict().1 == mailbox_full)
        );
        let (number, _) = std::iter::from_fn(|| Some(daemon.for_card()))
            .find(|(_, message)| message.header.mtype == PRIVATE)
            .expect("the card gets it");
        daemon.router.card_failed(DOMAIN, number, gone.clone());
        program.expect_failed(11, VerdictCode::CardGone);
    }
    assert_eq!(daemon.counter("verdict-to-nobody"), 0);
    assert_eq!(daemon.counter("answer-to-nobody"), 0);
}
