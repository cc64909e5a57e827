//! Order, load and who may say what on a healthy link.

use std::collections::BTreeMap;

use libetp::verdict::Subject;
use libetp::{Verdict, VerdictCode};
use remote_proxy::Counter;

use crate::support::{Card, HostKey, Node, World, message, until};

/// Two hosts with a card each; the first dials.
struct Pair {
    a: Node,
    b: Node,
    card_a: Card,
    card_b: Card,
}

fn hosts(world: &World) -> (HostKey, HostKey) {
    (world.host(101), world.host(102))
}

impl Pair {
    fn start() -> Self {
        let world = World::new();
        let (host_a, host_b) = hosts(&world);
        let (card_a, card_b) = (world.card(11), world.card(12));
        let b = Node::of(&world, &host_b)
            .card(&card_b)
            .peer(host_a.key, None, &[card_a.domain])
            .start();
        let a = Node::of(&world, &host_a)
            .card(&card_a)
            .peer(host_b.key, Some(b.address()), &[card_b.domain])
            .start();
        Self {
            a,
            b,
            card_a,
            card_b,
        }
    }

    /// Until the link is up and each side has shown its statement.
    async fn up(&mut self) {
        let there = message(self.card_a.entity(1), self.card_b.entity(1), vec![]);
        let back = message(self.card_b.entity(1), self.card_a.entity(1), vec![]);
        self.a.handle.send(0, there).unwrap();
        self.b.handle.send(0, back).unwrap();
        until([&mut self.a, &mut self.b], "both up", |[a, b]| {
            a.messages.len() == 1 && b.messages.len() == 1
        })
        .await;
        self.a.messages.clear();
        self.b.messages.clear();
    }
}

#[tokio::test]
async fn a_message_and_its_verdict_cross_and_the_card_is_asked_once() {
    let mut pair = Pair::start();
    pair.up().await;
    let sent = message(pair.card_a.entity(1), pair.card_b.entity(7), vec![5; 100]);
    for number in [41, 42] {
        pair.a.handle.send(number, sent.clone()).unwrap();
    }
    until([&mut pair.a, &mut pair.b], "two messages", |[_, b]| {
        b.messages.len() == 2
    })
    .await;
    let host_a = pair.a.key;
    assert_eq!(pair.b.messages[0], (host_a, 41, sent.clone()));
    assert_eq!(pair.a.asked, 1);
    let verdict = Verdict::new(VerdictCode::MailboxFull, "no room");
    assert!(
        pair.b
            .handle
            .verdict(host_a, Subject::of(&sent), 41, verdict)
    );
    until([&mut pair.a, &mut pair.b], "the verdict", |[a, _]| {
        a.verdicts == [(41, VerdictCode::MailboxFull)]
    })
    .await;
    assert!(pair.b.refused.is_empty(), "{:?}", pair.b.refused);
}

#[tokio::test]
async fn order_holds_per_source_and_destination_under_load_in_both_directions() {
    const FLOWS: u32 = 24;
    const EACH: u64 = 400;
    let mut pair = Pair::start();
    pair.up().await;
    let (card_a, card_b) = (pair.card_a.clone(), pair.card_b.clone());
    for number in 0..EACH {
        for flow in 0..FLOWS {
            let size = if number % 100 == 0 { 60_000 } else { 64 };
            let (a, b) = (card_a.entity(flow + 1), card_b.entity(flow / 3 + 1));
            send_until_taken(
                &mut pair,
                number,
                message(a, b, vec![flow as u8; size]),
                true,
            )
            .await;
            send_until_taken(&mut pair, number, message(b, a, vec![1; 64]), false).await;
        }
    }
    let all = (EACH * u64::from(FLOWS)) as usize;
    until([&mut pair.a, &mut pair.b], "all messages", |[a, b]| {
        a.messages.len() >= all && b.messages.len() >= all
    })
    .await;
    for node in [&pair.a, &pair.b] {
        let mut flows: BTreeMap<_, Vec<u64>> = BTreeMap::new();
        for (_, number, message) in &node.messages {
            let header = message.header;
            flows
                .entry((header.src, header.dst))
                .or_default()
                .push(*number);
        }
        assert_eq!(flows.len(), FLOWS as usize);
        assert!(
            flows
                .values()
                .all(|numbers| numbers.iter().copied().eq(0..EACH))
        );
        assert!(node.verdicts.is_empty());
    }
}

/// Sends, and where the queue is full takes events until it is not.
async fn send_until_taken(pair: &mut Pair, number: u64, message: libetp::Message, from_a: bool) {
    let handle = if from_a {
        &pair.a.handle
    } else {
        &pair.b.handle
    }
    .clone();
    let room = handle
        .status()
        .links
        .values()
        .all(|link| link.queued_bytes < 4 << 20);
    if room && handle.send(number, message.clone()).is_ok() {
        return;
    }
    until([&mut pair.a, &mut pair.b], "room in the queue", |_| {
        let room = handle
            .status()
            .links
            .values()
            .all(|link| link.queued_bytes < 4 << 20);
        room && handle.send(number, message.clone()).is_ok()
    })
    .await;
}

#[tokio::test]
async fn unknown_routes_and_oversized_messages_are_refused_at_once() {
    let pair = Pair::start();
    let stranger = World::new().card(99).entity(1);
    let lost = message(pair.card_a.entity(1), stranger, vec![]);
    let code = pair.a.handle.send(1, lost).unwrap_err().code;
    assert_eq!(code, VerdictCode::UnknownDestination);
    let max = libetp::limits::PARAM_BYTES_MAX;
    let to = pair.card_b.entity(1);
    let long = message(pair.card_a.entity(1), to, vec![0; max + 1]);
    assert_eq!(
        pair.a.handle.send(2, long).unwrap_err().code,
        VerdictCode::TooLarge
    );
    let largest = message(pair.card_a.entity(1), to, vec![0; max]);
    assert_eq!(pair.a.handle.send(3, largest), Ok(()));
}

#[tokio::test]
async fn the_largest_message_crosses() {
    let mut pair = Pair::start();
    let max = libetp::limits::PARAM_BYTES_MAX;
    let largest = message(pair.card_a.entity(1), pair.card_b.entity(1), vec![7; max]);
    pair.a.handle.send(3, largest.clone()).unwrap();
    until(
        [&mut pair.a, &mut pair.b],
        "the largest message",
        |[_, b]| b.messages.len() == 1,
    )
    .await;
    assert_eq!(pair.b.messages[0].2, largest);
}

#[tokio::test]
async fn a_host_carries_nothing_on_to_a_third() {
    let mut pair = Pair::start();
    // B's routes to A say that the destination is B's; then the card leaves B.
    pair.b.handle.set_local_domains(vec![]);
    let sent = message(pair.card_a.entity(1), pair.card_b.entity(7), vec![]);
    pair.a.handle.send(5, sent).unwrap();
    until([&mut pair.a, &mut pair.b], "the verdict", |[a, _]| {
        a.verdicts == [(5, VerdictCode::UnknownDestination)]
    })
    .await;
    assert_eq!(pair.b.count(Counter::DestinationNotLocal), 1);
    assert!(pair.b.messages.is_empty());
}

#[tokio::test]
async fn both_dial_and_one_connection_stays() {
    let world = World::new();
    let (host_a, host_b) = hosts(&world);
    let (card_a, card_b) = (world.card(11), world.card(12));
    // A's address has to be known before A is there.
    let address = std::net::UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut b = Node::of(&world, &host_b)
        .card(&card_b)
        .peer(host_a.key, Some(address), &[card_a.domain])
        .start();
    let mut a = Node::of(&world, &host_a)
        .listen(Some(address))
        .card(&card_a)
        .peer(host_b.key, Some(b.address()), &[card_b.domain])
        .start();
    for number in 0..200 {
        let there = message(card_a.entity(1), card_b.entity(1), vec![0; 50]);
        let back = message(card_b.entity(1), card_a.entity(1), vec![0; 50]);
        a.handle.send(number, there).unwrap();
        b.handle.send(number, back).unwrap();
    }
    until([&mut a, &mut b], "all messages", |[a, b]| {
        a.messages.len() == 200 && b.messages.len() == 200
    })
    .await;
    assert!(a.numbers().into_iter().eq(0..200) && b.numbers().into_iter().eq(0..200));
    let (up_a, up_b) = (a.key, b.key);
    until([&mut a, &mut b], "up on both sides", |[a, b]| {
        a.is_up(up_b) && b.is_up(up_a)
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_ends_says_so_and_loses_nothing_on_the_way() {
    let mut pair = Pair::start();
    pair.up().await;
    for number in 0..500 {
        let sent = message(pair.card_a.entity(1), pair.card_b.entity(1), vec![0; 500]);
        pair.a.handle.send(number, sent).unwrap();
    }
    let handle = pair.a.handle.clone();
    let ended = tokio::task::spawn_blocking(move || handle.shutdown());
    until([&mut pair.a, &mut pair.b], "the end", |_| {
        ended.is_finished()
    })
    .await;
    pair.a.pump();
    pair.b.pump();
    assert!(pair.b.numbers().into_iter().eq(0..500));
    assert!(pair.a.verdicts.is_empty(), "{:?}", pair.a.verdicts);
    let late = message(pair.card_a.entity(1), pair.card_b.entity(1), vec![]);
    let code = pair.a.handle.send(1, late).unwrap_err().code;
    assert_eq!(code, VerdictCode::ShuttingDown);
    until([&mut pair.b], "the reason", |[b]| {
        b.downs
            .iter()
            .any(|reason| reason.contains("shutting-down"))
    })
    .await;
}
