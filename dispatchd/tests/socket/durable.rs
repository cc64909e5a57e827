//! Durable capabilities: their mail waits, their secret rotates, and a second holder ends them.

use libetp::frame::body::RequestError;
use libetp::frame::kind;
use libetp::params::Param;
use libetp::params::runtime::CapabilityEnded;
use libetp::{EntityId, Mtype, VerdictCode};

use crate::harness::{DOMAIN, Daemon, Memory, PRIVATE, Program, Setup, daemon};

fn durable(daemon: &Daemon) -> Program {
    let mut program = daemon.greet();
    program.acquire(true);
    program
}

fn resume(daemon: &Daemon, id: EntityId, secret: [u8; 32]) -> Program {
    let mut program = daemon.greet();
    program.resume(id, secret);
    let acquired = program.acquired();
    assert_eq!((acquired.id, acquired.resumed), (id, true));
    program
}

fn refused(daemon: &Daemon, id: EntityId, secret: [u8; 32], error: RequestError) {
    let mut program = daemon.greet();
    let number = program.resume(id, secret);
    program.expect_refusal(number, error);
}

#[test]
fn mail_waits_for_a_durable_id_and_comes_in_order_from_number_1() {
    let daemon = daemon();
    let a = durable(&daemon);
    let (id, secret) = (a.id, a.secret.expect("it is durable"));
    let mut b = daemon.acquire();
    for n in 0..3u8 {
        b.send(id, PRIVATE, &[n]);
    }
    let mut a = a;
    assert_eq!(a.come().delivery().2.param, [0]);
    assert_eq!(a.come().delivery().2.param, [1]);
    a.taken(1);
    drop(a);
    daemon.until(|table| {
        table
            .ids
            .iter()
            .any(|entry| entry.id == id && entry.pid.is_none())
    });
    b.send(id, PRIVATE, &[3]);
    assert_eq!(b.flush(), []);
    let mut a = resume(&daemon, id, secret);
    for n in 1..4u8 {
        let (number, _, message) = a.come().delivery();
        assert_eq!((number, message.param), (u64::from(n), vec![n]));
    }
}

#[test]
fn what_an_ordinary_id_did_not_take_is_unknown_to_the_sender() {
    let daemon = daemon();
    let (mut a, mut b) = (daemon.acquire(), daemon.acquire());
    let taken = a.send(b.id, PRIVATE, b"1");
    let not_taken = a.send(b.id, PRIVATE, b"2");
    assert_eq!(b.come().delivery().0, 1);
    assert_eq!(b.come().delivery().0, 2);
    b.taken(1);
    let id = b.id;
    drop(b);
    a.expect_failed(not_taken, VerdictCode::Unknown);
    let late = a.send(id, PRIVATE, b"3");
    a.expect_failed(late, VerdictCode::UnknownDestination);
    assert!(taken < not_taken);
}

#[test]
fn a_resume_fences_the_older_connection() {
    let daemon = daemon();
    let mut older = durable(&daemon);
    let secret = older.secret.expect("it is durable");
    let mut newer = resume(&daemon, older.id, secret);
    older.expect_closing(RequestError::Fenced);
    newer.send(newer.id, PRIVATE, b"me");
    assert_eq!(newer.come().delivery().2.header.src, newer.id);
}

#[test]
fn the_old_secret_is_good_until_the_new_one_is_used() {
    let daemon = daemon();
    let a = durable(&daemon);
    let (id, first) = (a.id, a.secret.expect("it is durable"));
    let lost = resume(&daemon, id, first);
    drop(lost);
    let mut a = resume(&daemon, id, first);
    let second = a.secret.expect("a resume brings a new one");
    assert_ne!(first, second);
    assert_eq!(a.flush(), []);
    refused(&daemon, id, first, RequestError::SecretReused);
}

#[test]
fn a_spent_secret_revokes_and_tells_the_owner_and_the_log() {
    let daemon = daemon();
    let a = durable(&daemon);
    let (id, first) = (a.id, a.secret.expect("it is durable"));
    let mut a = resume(&daemon, id, first);
    let second = a.secret.expect("a resume brings a new one");
    let mut b = daemon.acquire();
    let number = b.send(id, PRIVATE, b"waits");
    assert_eq!(a.flush().len(), 1);
    refused(&daemon, id, first, RequestError::SecretReused);
    a.expect_closing(RequestError::SecretReused);
    b.expect_failed(number, VerdictCode::Unknown);
    assert_eq!(daemon.host.count("secret-reused"), 1);
    refused(&daemon, id, second, RequestError::BadSecret);
    let mut c = daemon.acquire();
    let number = c.send(id, PRIVATE, b"");
    c.expect_failed(number, VerdictCode::UnknownDestination);
    daemon.until(|_| daemon.store.0.lock().unwrap().is_empty());
}

#[test]
fn a_secret_whose_reply_was_lost_is_spent_too() {
    let daemon = daemon();
    let a = durable(&daemon);
    let (id, first) = (a.id, a.secret.expect("it is durable"));
    let stolen = resume(&daemon, id, first)
        .secret
        .expect("a resume brings a new one");
    let mut a = resume(&daemon, id, first);
    assert_eq!(a.flush(), []);
    refused(&daemon, id, stolen, RequestError::SecretReused);
    a.expect_closing(RequestError::SecretReused);
}

#[test]
fn a_durable_id_outlives_the_daemon_and_its_secrets_are_stored_as_hashes() {
    let store = Memory::default();
    let first = Setup {
        store: store.clone(),
        ..Setup::default()
    }
    .start();
    let a = durable(&first);
    let (id, secret) = (a.id, a.secret.expect("it is durable"));
    drop(first);
    let kept = store.0.lock().unwrap()[&id].clone();
    assert_eq!(kept.current, libetp::digest::sha256(&secret));
    let second = Setup {
        store,
        first_port: 256,
        ..Setup::default()
    }
    .start();
    let mut a = resume(&second, id, secret);
    assert_eq!(a.flush(), []);
    refused(&second, id, secret, RequestError::SecretReused);
}

#[test]
fn a_released_id_ends_for_ever() {
    let daemon = daemon();
    let mut a = durable(&daemon);
    let (id, secret) = (a.id, a.secret.expect("it is durable"));
    a.say(kind::RELEASE, &[0x80]);
    assert_eq!(a.come().kind, kind::RELEASED);
    refused(&daemon, id, secret, RequestError::BadSecret);
    assert!(daemon.store.0.lock().unwrap().is_empty());
    a.acquire(false);
    assert_ne!(a.id, id);
}

#[test]
fn authentication_does_not_survive_a_resume() {
    let mut daemon = daemon();
    let mut a = durable(&daemon);
    let (id, secret) = (a.id, a.secret.expect("it is durable"));
    a.send(DOMAIN.card(), Mtype::AUTH_BEGIN, &[0x80]);
    daemon.for_card();
    let mut newer = resume(&daemon, id, secret);
    newer.send(DOMAIN.card(), PRIVATE, b"behind the end");
    let (_, ended) = daemon.for_card();
    assert_eq!(ended.header.mtype, Mtype::CAPABILITY_ENDED);
    assert_eq!(CapabilityEnded::from_param(&ended.param).unwrap().id, id);
    assert_eq!(daemon.for_card().1.param, b"behind the end");
}

#[test]
fn a_card_that_was_away_learns_what_ended_before_anything_else() {
    let mut daemon = daemon();
    let mut a = durable(&daemon);
    let (id, secret) = (a.id, a.secret.expect("it is durable"));
    a.send(DOMAIN.card(), Mtype::AUTH_BEGIN, &[0x80]);
    daemon.for_card();
    daemon.router.detach_card(DOMAIN, VerdictCode::CardGone);
    let mut newer = resume(&daemon, id, secret);
    assert_eq!(newer.flush(), []);
    daemon.attach_card();
    newer.send(DOMAIN.card(), PRIVATE, b"back again");
    let (_, ended) = daemon.for_card();
    assert_eq!(CapabilityEnded::from_param(&ended.param).unwrap().id, id);
    assert_eq!(daemon.for_card().1.param, b"back again");
}
