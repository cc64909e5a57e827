//! The messaging library against a daemon of the tests, as programs use it.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::daemon::{DOMAIN, FakeDaemon};
use libetp::client::blocking;
use libetp::client::{
    ClientError, Condition, Connection, Distrust, Event, Handlers, Taking, Trust,
};
use libetp::codec::to_vec;
use libetp::params::Param;
use libetp::params::host::{Ping, Pong};
use libetp::params::runtime::{OrderRefused, RefusalCode};
use libetp::params::voucher::ListVouchers;
use libetp::{EntityId, Message, Mtype, Port, VerdictCode};

const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(20);

fn peer() -> EntityId {
    DOMAIN.entity(Port(100))
}

fn ping(nonce: &[u8]) -> Ping {
    let nonce = nonce.to_vec();
    Ping { nonce }
}

/// Answers pings; a nonce of `late` is answered together with the next ping only.
fn ponger() -> FakeDaemon {
    let mut late = Vec::new();
    FakeDaemon::start(Box::new(move |message| {
        let (src, dst) = (message.header.dst, message.header.src);
        let Ok(Ping { nonce }) = Ping::from_param(&message.param) else {
            return Err(VerdictCode::Malformed);
        };
        let pong = Pong { nonce }.into_message(src, dst);
        match ping_text(message).as_str() {
            "late" => {
                late.push(pong);
                Ok(vec![])
            }
            "nobody" => Err(VerdictCode::UnknownDestination),
            "refuse" => Ok(vec![refusal(message)]),
            _ => {
                let mut answers = std::mem::take(&mut late);
                answers.push(pong);
                Ok(answers)
            }
        }
    }))
}

fn ping_text(message: &Message) -> String {
    let ping = Ping::from_param(&message.param).unwrap();
    String::from_utf8_lossy(&ping.nonce).into_owned()
}

fn refusal(message: &Message) -> Message {
    let refused = OrderRefused {
        mtype: message.header.mtype,
        code: RefusalCode::Limit as u16,
        detail: "full".into(),
    };
    refused.into_message(message.header.dst, message.header.src)
}

fn acquired(daemon: &FakeDaemon) -> blocking::Capability {
    let connection = blocking::Connection::open(daemon.socket(), "test").unwrap();
    assert_eq!(connection.daemon(), "fake 0");
    connection.acquire(None, false).unwrap()
}

#[test]
fn nobody_there_is_told_with_the_path() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("none.sock");
    let error = blocking::Connection::open(&path, "test").unwrap_err();
    assert!(matches!(&error, ClientError::Connect { .. }));
    assert!(error.to_string().contains("none.sock"));
}

#[test]
fn what_is_not_trusted_hears_nothing() {
    let daemon = FakeDaemon::echo();
    let directory = daemon.directory.path();
    std::fs::write(directory.join("file"), "").unwrap();
    let error = blocking::Connection::open(directory.join("file"), "test").unwrap_err();
    let why = |error| match error {
        ClientError::Untrusted { why, .. } => why,
        other => panic!("{other}"),
    };
    assert_eq!(why(error), Distrust::NotASocket);
    std::os::unix::fs::symlink(daemon.socket(), directory.join("link")).unwrap();
    let error = blocking::Connection::open(directory.join("link"), "test").unwrap_err();
    assert_eq!(why(error), Distrust::NotASocket);
    std::fs::set_permissions(directory, PermissionsExt::from_mode(0o777)).unwrap();
    let error = blocking::Connection::open(daemon.socket(), "test").unwrap_err();
    assert_eq!(why(error), Distrust::DirectoryMode(0o777));
    assert_eq!(daemon.reads(), Vec::<usize>::new(), "no byte was sent");
}

#[test]
fn a_call_waits_for_its_own_answer() {
    let daemon = ponger();
    let mut me = acquired(&daemon);
    let pong: Pong = me.call(peer(), &ping(b"1"), LONG).unwrap();
    assert_eq!(pong.nonce, b"1");
    let timeout = me
        .call::<_, Pong>(peer(), &ping(b"late"), SHORT)
        .unwrap_err();
    assert!(
        matches!(timeout, ClientError::Timeout(Mtype::PING)),
        "{timeout}"
    );
    let same = |pong: &Pong| pong.nonce == b"2";
    let pong: Pong = me.call_where(peer(), &ping(b"2"), LONG, same).unwrap();
    assert_eq!(pong.nonce, b"2");
    let left = me.receive().unwrap();
    assert_eq!(
        Pong::from_param(&left.message.param).unwrap().nonce,
        b"late"
    );
}

#[test]
fn verdict_and_refusal_end_a_call() {
    let daemon = ponger();
    let mut me = acquired(&daemon);
    let error = me
        .call::<_, Pong>(peer(), &ping(b"nobody"), LONG)
        .unwrap_err();
    let ClientError::Undelivered(undelivered) = error else {
        panic!("{error}");
    };
    assert_eq!(undelivered.verdict.code, VerdictCode::UnknownDestination);
    assert_eq!(undelivered.sent.unwrap().dst, peer());
    assert!(me.verdicts().is_empty(), "told once");
    let error = me
        .call::<_, Pong>(peer(), &ping(b"refuse"), LONG)
        .unwrap_err();
    assert_eq!(error.refusal(), Some(RefusalCode::Limit));
    assert!(error.to_string().contains("full"));
}

#[test]
fn an_answer_of_another_form_is_named() {
    let daemon = FakeDaemon::start(Box::new(|message| {
        let header = message.header;
        Ok(vec![Message::new(
            header.dst,
            header.src,
            Mtype::PONG,
            vec![0xff],
        )])
    }));
    let error = acquired(&daemon)
        .call::<_, Pong>(peer(), &ping(b""), LONG)
        .unwrap_err();
    assert!(matches!(
        error,
        ClientError::Answer {
            mtype: Mtype::PONG,
            ..
        }
    ));
}

#[test]
fn an_answer_of_somebody_else_is_not_the_answer() {
    let daemon = FakeDaemon::start(Box::new(|message| {
        let nonce = vec![];
        let other = DOMAIN.entity(Port(5));
        Ok(vec![Pong { nonce }.into_message(other, message.header.src)])
    }));
    let mut me = acquired(&daemon);
    let error = me.call::<_, Pong>(peer(), &ping(b""), SHORT).unwrap_err();
    assert!(matches!(error, ClientError::Timeout(_)));
    assert_eq!(
        me.receive().unwrap().message.header.src,
        DOMAIN.entity(Port(5))
    );
}

#[test]
fn a_batch_arrives_in_one_piece_and_in_order() {
    let daemon = FakeDaemon::echo();
    let mut me = acquired(&daemon);
    let params: Vec<Vec<u8>> = (0..100u8).map(|n| vec![n; 100]).collect();
    let batch: Vec<_> = params
        .iter()
        .map(|p| (peer(), Mtype(0xC000), p.as_slice()))
        .collect();
    let first = me.send_batch(&batch).unwrap().unwrap();
    for param in &params {
        assert_eq!(
            &me.receive_within(LONG).unwrap().unwrap().message.param,
            param
        );
    }
    assert_eq!(daemon.reads().into_iter().max(), Some(100));
    assert_eq!(me.send(peer(), Mtype(0xC000), b"").unwrap(), first + 100);
    assert_eq!(me.send_batch(&[]).unwrap(), None);
}

#[test]
fn a_large_exchange_does_not_deadlock() {
    let daemon = FakeDaemon::echo();
    let mut me = acquired(&daemon);
    let param = vec![7; 60_000];
    let count = 100;
    for _ in 0..count {
        me.queue(peer(), Mtype(0xC000), &param).unwrap();
    }
    me.write_out().unwrap();
    for _ in 0..count {
        assert_eq!(
            me.receive_within(LONG)
                .unwrap()
                .unwrap()
                .message
                .param
                .len(),
            60_000
        );
    }
}

#[test]
fn flush_tells_the_verdicts_and_orders_need_a_session() {
    let daemon = ponger();
    let mut me = acquired(&daemon);
    let good = me.send_param(peer(), &ping(b"1")).unwrap();
    let bad = me.send_param(peer(), &ping(b"nobody")).unwrap();
    let verdicts = me.flush().unwrap();
    assert_eq!(verdicts.iter().map(|v| v.number).collect::<Vec<_>>(), [bad]);
    assert!(good < bad);
    assert!(me.flush().unwrap().is_empty());
    let error = me
        .send_param(peer(), &ListVouchers { after: None })
        .unwrap_err();
    assert!(matches!(
        error,
        ClientError::Privileged(Mtype::LIST_VOUCHERS)
    ));
}

#[test]
fn a_released_id_is_answered() {
    let daemon = ponger();
    acquired(&daemon).release().unwrap();
}

#[test]
fn verdicts_come_as_events_too() {
    let daemon = ponger();
    let mut me = acquired(&daemon);
    let number = me.send_param(peer(), &ping(b"nobody")).unwrap();
    match me.event_within(LONG).unwrap() {
        Some(Event::Undelivered(told)) => assert_eq!(told.number, number),
        other => panic!("{other:?}"),
    }
    assert_eq!(me.event_within(SHORT).unwrap(), None);
}

#[test]
fn what_was_received_is_taken_even_if_the_program_just_ends() {
    let daemon = FakeDaemon::echo();
    let mut me = acquired(&daemon);
    me.send(peer(), Mtype(0xC000), b"1").unwrap();
    me.send(peer(), Mtype(0xC000), b"2").unwrap();
    me.receive().unwrap();
    assert_eq!(daemon.taken(), [] as [u64; 0]);
    drop(me);
    wait_for(|| daemon.taken() == [1]);
    let mut me = acquired(&daemon);
    me.set_taking(Taking::Explicit);
    me.send(peer(), Mtype(0xC000), b"1").unwrap();
    me.receive().unwrap();
    me.flush().unwrap();
    assert_eq!(daemon.taken(), [1], "nothing of the second connection");
    me.take_received();
    me.flush().unwrap();
    assert_eq!(daemon.taken(), [1, 1]);
}

fn wait_for(condition: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !condition() {
        assert!(start.elapsed() < LONG, "in vain");
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn the_async_library_serves_handlers() {
    let daemon = FakeDaemon::start(Box::new(|message| match message.header.mtype {
        Mtype(0xC001) => {
            let back = ping(b"42").into_message(peer(), message.header.src);
            let other = Message::new(peer(), message.header.src, Mtype(0xC002), vec![]);
            Ok(vec![back, other])
        }
        _ => Ok(vec![message.clone()]),
    }));
    let connection = Connection::open(daemon.socket(), "test").await.unwrap();
    let mut me = connection.acquire(Some(DOMAIN), false).await.unwrap();
    assert_eq!(me.id().domain, DOMAIN);
    let mut pings = 0;
    let mut handlers = Handlers::new();
    handlers.on(
        Condition::mtype(Mtype::PING).from(peer()),
        |delivery, out| {
            pings += 1;
            let Ping { nonce } = Ping::from_param(&delivery.message.param).unwrap();
            out.reply(delivery, &Pong { nonce });
        },
    );
    me.send(peer(), Mtype(0xC001), b"").await.unwrap();
    let unhandled = me.dispatch(&mut handlers).await.unwrap();
    assert_eq!(unhandled[0].message.header.mtype, Mtype(0xC002));
    drop(handlers);
    assert_eq!(pings, 1);
    let pong = me.receive().await.unwrap().message;
    assert_eq!(
        pong.param,
        to_vec(&Pong {
            nonce: b"42".to_vec()
        })
    );
}

#[tokio::test]
async fn receiving_may_be_interrupted_without_loss() {
    let daemon = FakeDaemon::echo();
    let connection = Connection::open(daemon.socket(), "test").await.unwrap();
    let mut me = connection.acquire(None, false).await.unwrap();
    for number in 0..200u8 {
        me.send(peer(), Mtype(0xC000), &[number]).await.unwrap();
    }
    let mut received = Vec::new();
    while received.len() < 200 {
        tokio::select! {
            biased;
            () = tokio::task::yield_now() => {}
            delivery = me.receive() => received.push(delivery.unwrap().message.param[0]),
        }
        received.extend(me.held().map(|held| held.message.param[0]));
    }
    assert!(received.iter().copied().eq(0..200));
}

#[tokio::test]
async fn two_kinds_of_trouble_are_told_apart() {
    let daemon = ponger();
    let mut me = Connection::open_trusting(daemon.socket(), "test", &Trust::default().and(7))
        .await
        .unwrap()
        .acquire(None, false)
        .await
        .unwrap();
    assert_eq!(me.receive_within(SHORT).await.unwrap(), None);
    let error = me
        .send(peer(), Mtype(0xC000), &vec![0; 70_000])
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::TooLarge(70_000)));
}
