//! Several I/O threads are one table.

use libetp::frame::body::{Derive, Token};
use libetp::frame::kind;
use libetp::{Message, VerdictCode};

use dispatchd::router::Entry;

use crate::harness::{DOMAIN, PRIVATE, Program, Setup};

/// Programs are spread over the threads in turn.
fn spread(daemon: &crate::harness::Daemon, count: usize) -> Vec<Program> {
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
