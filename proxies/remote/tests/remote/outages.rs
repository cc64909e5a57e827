//! What happens to messages when the path, or a host, goes away.

use std::net::UdpSocket;

use libetp::VerdictCode;
use remote_proxy::Limits;

use crate::support::{Card, Forwarder, HostKey, Node, Rogue, World, message, until};

/// Quick to notice a loss.
fn brisk(limits: &mut Limits) {
    limits.idle_ms_max = 600;
    limits.keep_alive_ms = 150;
    limits.backoff_ms_min = 20;
    limits.backoff_ms_max = 200;
}

struct Path {
    world: World,
    host_a: HostKey,
    host_b: HostKey,
    card_a: Card,
    card_b: Card,
    a: Node,
    b: Node,
    forwarder: Forwarder,
}

impl Path {
    /// A dials B through a forwarder.
    fn start() -> Self {
        let world = World::new();
        let (host_a, host_b) = (world.host(101), world.host(102));
        let (card_a, card_b) = (world.card(11), world.card(12));
        let b = Node::of(&world, &host_b)
            .card(&card_b)
            .limits(brisk)
            .peer(host_a.key, None, &[card_a.domain])
            .start();
        let forwarder = Forwarder::to(b.address());
        let a = Node::of(&world, &host_a)
            .card(&card_a)
            .limits(brisk)
            .peer(host_b.key, Some(forwarder.address), &[card_b.domain])
            .start();
        Self {
            world,
            host_a,
            host_b,
            card_a,
            card_b,
            a,
            b,
            forwarder,
        }
    }

    fn send(&self, number: u64, size: usize) {
        let to = self.card_b.entity(number as u32 % 5 + 1);
        let sent = message(self.card_a.entity(1), to, vec![0; size]);
        self.a.handle.send(number, sent).unwrap();
    }

    async fn arrived(&mut self, what: &str, count: usize) {
        until([&mut self.a, &mut self.b], what, |[_, b]| {
            b.messages.len() >= count
        })
        .await;
    }

    /// Each number once, and in order for each destination.
    fn check_exactly_once(&self, count: u64) {
        let mut numbers = self.b.numbers();
        for to in 0..5 {
            let of = numbers.iter().filter(|number| **number % 5 == to);
            assert!(of.is_sorted_by(|a, b| a < b), "order to {to}");
        }
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..count));
        assert!(self.a.verdicts.is_empty(), "{:?}", self.a.verdicts);
    }
}

#[tokio::test]
async fn a_cut_path_loses_and_doubles_nothing() {
    let mut path = Path::start();
    path.send(0, 10);
    path.arrived("the first", 1).await;
    let mut number = 1;
    for round in 0..3 {
        // Cut with a load on the way, so that frames are truncated.
        for _ in 0..150 {
            path.send(number, 3_000);
            number += 1;
        }
        path.arrived("a part of the load", 1 + round * 150 + 20)
            .await;
        path.forwarder.cut(true);
        let (downs_a, downs_b) = (path.a.downs.len(), path.b.downs.len());
        until(
            [&mut path.a, &mut path.b],
            "the loss to be noticed",
            |[a, b]| a.downs.len() > downs_a && b.downs.len() > downs_b,
        )
        .await;
        path.forwarder.cut(false);
        path.arrived("the rest", number as usize).await;
    }
    path.check_exactly_once(number);
    until(
        [&mut path.a, &mut path.b],
        "up after the last cut",
        |[a, _]| a.ups >= 4,
    )
    .await;
    assert_eq!(path.a.asked, 1, "the statement held over the reconnects");
}

#[tokio::test]
async fn a_path_that_loses_packets_and_moves_loses_no_message() {
    let mut path = Path::start();
    path.send(0, 10);
    path.arrived("the first", 1).await;
    path.forwarder.lose(80);
    for number in 1..400 {
        path.send(number, 1_500);
        if number == 200 {
            path.forwarder.rebind();
        }
    }
    path.arrived("everything", 400).await;
    path.check_exactly_once(400);
}

#[tokio::test]
async fn a_restarted_host_makes_what_was_under_way_unknown_and_the_link_comes_back() {
    let mut path = Path::start();
    path.send(0, 10);
    until(
        [&mut path.a, &mut path.b],
        "the first to be acknowledged",
        |[a, b]| {
            let waiting = a.handle.status().links[&b.key].queued_messages;
            b.messages.len() == 1 && waiting == 0
        },
    )
    .await;
    path.forwarder.cut(true);
    // Sent into the void: as far as A knows, B may have them.
    (1..10).for_each(|number| path.send(number, 10));
    let host_b = path.host_b.key;
    until([&mut path.a], "the loss", |[a]| !a.is_up(host_b)).await;
    // Not sent at all: these wait for the link.
    (10..20).for_each(|number| path.send(number, 10));
    path.b.handle.shutdown();
    path.b = Node::of(&path.world, &path.host_b)
        .card(&path.card_b)
        .limits(brisk)
        .peer(path.host_a.key, None, &[path.card_a.domain])
        .start();
    path.forwarder.lead_to(path.b.address());
    path.forwarder.cut(false);
    path.arrived("what was not sent before", 10).await;
    let mut unknown = path.a.verdicts.clone();
    unknown.sort_unstable();
    assert!(
        unknown
            .into_iter()
            .eq((1..10).map(|number| (number, VerdictCode::Unknown)))
    );
    let mut numbers = path.b.numbers();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(10..20));
    // B lost its store with its process, and A's card is asked again.
    assert_eq!(path.a.asked, 2);
}

#[tokio::test]
async fn a_host_that_is_never_there_gives_host_unreachable_in_time() {
    let world = World::new();
    let (host_a, host_b, card) = (world.host(101), world.host(102), world.card(12));
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap();
    let own = world.card(11);
    let mut a = Node::of(&world, &host_a)
        .card(&own)
        .limits(|limits| {
            brisk(limits);
            limits.queue_ms_max = 300;
            limits.handshake_ms_max = 100;
        })
        .peer(
            host_b.key,
            Some(nobody.local_addr().unwrap()),
            &[card.domain],
        )
        .start();
    for number in 0..3 {
        let sent = message(own.entity(1), card.entity(1), vec![]);
        a.handle.send(number, sent).unwrap();
    }
    until([&mut a], "the verdicts", |[a]| a.verdicts.len() == 3).await;
    let unreachable = VerdictCode::HostUnreachable;
    assert!(a.verdicts.iter().all(|(_, code)| *code == unreachable));
}

#[tokio::test]
async fn the_queue_of_a_link_that_is_down_is_bounded() {
    let world = World::new();
    let (host_a, host_b, card) = (world.host(101), world.host(102), world.card(12));
    let own = world.card(11);
    let mut a = Node::of(&world, &host_a)
        .card(&own)
        .limits(|limits| limits.queue_messages_max = 10)
        .peer(host_b.key, None, &[card.domain])
        .start();
    for number in 0..11 {
        let sent = message(own.entity(1), card.entity(1), vec![]);
        a.handle.send(number, sent).unwrap();
    }
    until([&mut a], "the verdict", |[a]| {
        a.verdicts == [(10, VerdictCode::HostUnreachable)]
    })
    .await;
    assert_eq!(a.handle.status().links[&host_b.key].queued_messages, 10);
}

#[tokio::test]
async fn a_peer_that_never_says_hello_or_never_acknowledges_is_given_up() {
    let world = World::new();
    let (host_a, host_b) = (world.host(101), world.host(102));
    let (own, card) = (world.card(11), world.card(12));
    let mut a = Node::of(&world, &host_a)
        .card(&own)
        .limits(|limits| {
            limits.hello_ms_max = 200;
            limits.stall_ms_max = 400;
        })
        .peer(host_b.key, None, &[card.domain])
        .start();
    let mute = Rogue::dial(&host_b, a.address()).await;
    let (code, _) = mute.closed().await;
    assert_eq!(code, remote_proxy::link::LinkError::HelloTimeout as u64);
    let deaf = Rogue::meet(&host_b, a.address()).await;
    let sent = message(own.entity(1), card.entity(1), vec![]);
    a.handle.send(1, sent).unwrap();
    let (code, _) = deaf.closed().await;
    assert_eq!(code, remote_proxy::link::LinkError::Stalled as u64);
    until([&mut a], "down", |[a]| a.downs.len() == 1).await;
}
