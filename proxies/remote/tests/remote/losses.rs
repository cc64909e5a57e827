//! What can not be delivered any more is told, or where nobody is left to tell, counted.

use libetp::Message;
use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Verdict, VerdictCode};
use remote_proxy::Counter;
use remote_proxy::link::{Control, MessageFrame};

use crate::support::{Card, HostKey, Node, Rogue, World, message, until};

/// A proxy with a card, and a rogue that is its configured peer.
struct Stage {
    node: Node,
    rogue_host: HostKey,
    rogue: Rogue,
    local: Card,
    foreign: Card,
}

impl Stage {
    async fn set() -> Self {
        let world = World::new();
        let rogue_host = world.host(102);
        let (local, foreign) = (world.card(11), world.card(12));
        let node = Node::of(&world, &world.host(101))
            .card(&local)
            .peer(rogue_host.key, None, &[])
            .start();
        let rogue = Rogue::meet(&rogue_host, node.address()).await;
        Self {
            node,
            rogue_host,
            rogue,
            local,
            foreign,
        }
    }

    /// Sends messages for which the proxy asks for a statement, and leaves it without one.
    async fn park(&mut self, count: u64) -> (quinn::SendStream, Message) {
        let sent = message(self.foreign.entity(1), self.local.entity(1), vec![]);
        let mut stream = self.rogue.lane(0).await;
        for number in 1..=count {
            let mut bytes = Vec::new();
            let frame = MessageFrame {
                sequence: number,
                number,
                message: &sent.to_bytes(),
            };
            frame.write_to(&mut bytes);
            stream.write_all(&bytes).await.unwrap();
        }
        let host = self.rogue_host.key;
        until([&mut self.node], "all to be parked", |[node]| {
            node.handle.status().links[&host].received == count
        })
        .await;
        (stream, sent)
    }

    async fn restart(&mut self) {
        let mut rogue = Rogue::dial(&self.rogue_host, self.node.address()).await;
        rogue.incarnation = [77; 16];
        rogue.say(&rogue.hello()).await;
        rogue.wait(|frame| matches!(frame, Control::Hello(_))).await;
        self.rogue = rogue;
    }

    /// Status counts so many under the name.
    async fn counted(&mut self, counter: Counter, count: u64) {
        until([&mut self.node], counter.name(), |[node]| {
            node.handle.status().refused.get(&counter) == Some(&count)
        })
        .await;
    }

    fn tell(&self, host: Hash) {
        let about = message(self.foreign.entity(1), self.local.entity(1), vec![]);
        let verdict = Verdict::new(VerdictCode::MailboxFull, "a test");
        let handle = &self.node.handle;
        assert!(handle.verdict(host, Subject::of(&about), 1, verdict));
    }
}

#[tokio::test]
async fn what_was_parked_for_a_host_that_restarted_is_counted() {
    let mut stage = Stage::set().await;
    let _lane = stage.park(3).await;
    stage.restart().await;
    stage.counted(Counter::ParkedRestarted, 3).await;
}

#[tokio::test]
async fn verdicts_that_waited_for_a_host_that_restarted_are_counted() {
    let mut stage = Stage::set().await;
    stage.rogue.connection.close(0u32.into(), b"");
    until([&mut stage.node], "the loss", |[node]| {
        !node.downs.is_empty()
    })
    .await;
    stage.tell(stage.rogue_host.key);
    stage.tell(stage.rogue_host.key);
    stage.restart().await;
    stage.counted(Counter::VerdictRestarted, 2).await;
}

#[tokio::test]
async fn a_verdict_for_a_host_without_a_link_is_counted() {
    let mut stage = Stage::set().await;
    stage.tell([9; 32]);
    stage.counted(Counter::VerdictNoLink, 1).await;
}

#[tokio::test]
async fn what_is_parked_when_this_host_ends_goes_back() {
    let mut stage = Stage::set().await;
    let (_lane, sent) = stage.park(2).await;
    let handle = stage.node.handle.clone();
    let ended = tokio::task::spawn_blocking(move || handle.shutdown());
    for number in 1..=2 {
        let is_verdict = |frame: &Control| matches!(frame, Control::Verdict(_));
        let Control::Verdict(verdict) = stage.rogue.wait(is_verdict).await else {
            unreachable!("it was waited for");
        };
        assert_eq!(verdict.code, VerdictCode::ShuttingDown as u16);
        assert_eq!(
            (verdict.number, verdict.subject()),
            (number, Subject::of(&sent))
        );
    }
    ended.await.unwrap();
}
