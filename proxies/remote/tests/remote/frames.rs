//! Bytes that are not the protocol: each closes its own link, with a reason that names it, and no
//! other; and a truncated stream is never a message.

use libetp::codec::List;
use remote_proxy::Counter;
use remote_proxy::link::{
    Ack, CONTROL_FRAME_BYTES_MAX, Control, Hello, LANE_FRAME_BYTES_MAX, LinkError, MessageFrame,
    StatementFrame, VERSION, VerdictFrame, kind, write,
};

use crate::support::{HostKey, Node, Rogue, RogueTls, World, message, until};

/// A proxy between an honest peer with traffic and a rogue.
struct Stage {
    node: Node,
    honest: Node,
    rogue_host: HostKey,
    world: World,
}

impl Stage {
    fn set() -> Self {
        let world = World::new();
        let (own, honest_host, rogue_host) = (world.host(101), world.host(102), world.host(103));
        let (local, theirs) = (world.card(11), world.card(12));
        let node = Node::of(&world, &own)
            .card(&local)
            .peer(honest_host.key, None, &[theirs.domain])
            .peer(rogue_host.key, None, &[])
            .start();
        let honest = Node::of(&world, &honest_host)
            .card(&theirs)
            .peer(own.key, Some(node.address()), &[local.domain])
            .start();
        Self {
            node,
            honest,
            rogue_host,
            world,
        }
    }

    /// The rogue was closed for `error`, it was counted, and the honest link does not notice.
    async fn closed(&mut self, what: &str, rogue: Rogue, error: LinkError) {
        let (code, words) = rogue.closed().await;
        let name = LinkError::from_code(code).map_or("?", LinkError::name);
        assert_eq!(name, error.name(), "{what}: {words}");
        assert!(!words.is_empty(), "{what}: words for people");
        let before = self.node.count(Counter::Protocol);
        until([&mut self.node], what, |[node]| {
            node.count(Counter::Protocol) > before
        })
        .await;
        self.cross(what).await;
    }

    /// A message of the honest peer crosses, over the link that was there all the time.
    async fn cross(&mut self, what: &str) {
        let (local, theirs) = (self.world.card(11), self.world.card(12));
        let before = self.node.messages.len();
        let sent = message(theirs.entity(1), local.entity(1), vec![]);
        self.honest.handle.send(1, sent).unwrap();
        until([&mut self.node, &mut self.honest], what, |[node, _]| {
            node.messages.len() > before
        })
        .await;
        assert_eq!((self.honest.ups, self.honest.downs.len()), (1, 0), "{what}");
    }

    async fn meet(&self) -> Rogue {
        Rogue::meet(&self.rogue_host, self.node.address()).await
    }
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, kind, &[body]);
    bytes
}

fn control(control: &Control) -> Vec<u8> {
    let mut bytes = Vec::new();
    control.write_to(&mut bytes);
    bytes
}

fn hello(version: u8, channels: usize) -> Vec<u8> {
    control(&Control::Hello(Hello {
        version,
        incarnation: [9; 16],
        peer_incarnation: None,
        received: List(vec![0; channels]),
    }))
}

fn ack(channel: u8, sequence: u64) -> Vec<u8> {
    control(&Control::Ack(Ack { channel, sequence }))
}

fn verdict_with_sequence_zero() -> Vec<u8> {
    let subject =
        libetp::verdict::Subject::of(&message(Default::default(), Default::default(), vec![]));
    control(&Control::Verdict(VerdictFrame {
        sequence: 0,
        src: subject.src,
        dst: subject.dst,
        mtype: subject.mtype,
        digest: subject.digest,
        number: 0,
        code: 1,
        detail: String::new(),
    }))
}

fn too_long(max: usize) -> Vec<u8> {
    (max as u32 + 1).to_be_bytes().to_vec()
}

#[tokio::test]
async fn a_bad_first_frame_closes_only_that_link() {
    let mut stage = Stage::set();
    stage.cross("before").await;
    let cases: Vec<(&str, Vec<u8>, LinkError)> = vec![
        ("no kind", vec![0; 4], LinkError::FrameTooShort),
        (
            "too long",
            too_long(CONTROL_FRAME_BYTES_MAX),
            LinkError::FrameTooLong,
        ),
        (
            "a kind of lanes",
            frame(kind::LANE, &[0]),
            LinkError::FrameKind,
        ),
        ("an unknown kind", frame(0x0f, &[]), LinkError::FrameKind),
        (
            "not CBOR",
            frame(kind::HELLO, &[0xff]),
            LinkError::FrameBody,
        ),
        (
            "not canonical",
            frame(kind::HELLO, &[0x98, 0x00]),
            LinkError::FrameBody,
        ),
        ("empty", frame(kind::HELLO, &[]), LinkError::FrameBody),
        (
            "a field too many",
            frame(kind::ACK, &[0x83, 0, 0, 0]),
            LinkError::FrameBody,
        ),
        ("four channels", hello(VERSION, 4), LinkError::FrameBody),
        ("six channels", hello(VERSION, 6), LinkError::FrameBody),
        ("version 2", hello(2, 5), LinkError::Version),
        ("no hello first", ack(0, 0), LinkError::FrameOrder),
    ];
    for (what, bytes, error) in cases {
        let mut rogue = Rogue::dial(&stage.rogue_host, stage.node.address()).await;
        rogue.control.write_all(&bytes).await.unwrap();
        stage.closed(what, rogue, error).await;
    }
}

#[tokio::test]
async fn a_bad_later_frame_closes_only_that_link() {
    let mut stage = Stage::set();
    stage.cross("before").await;
    let cases: Vec<(&str, Vec<u8>, LinkError)> = vec![
        ("a second hello", hello(VERSION, 5), LinkError::FrameOrder),
        ("no such channel", ack(5, 0), LinkError::Lane),
        ("never sent", ack(0, 1), LinkError::Acknowledgement),
        ("no such verdict", ack(4, 1), LinkError::Acknowledgement),
        (
            "sequence zero",
            verdict_with_sequence_zero(),
            LinkError::Sequence,
        ),
    ];
    for (what, bytes, error) in cases {
        let mut rogue = stage.meet().await;
        rogue.control.write_all(&bytes).await.unwrap();
        stage.closed(what, rogue, error).await;
    }
}

#[tokio::test]
async fn a_bad_lane_closes_only_that_link() {
    let mut stage = Stage::set();
    stage.cross("before").await;
    let whole = |sequence, size| {
        let mut bytes = Vec::new();
        let message = vec![0; size];
        MessageFrame {
            sequence,
            number: 0,
            message: &message,
        }
        .write_to(&mut bytes);
        bytes
    };
    let lane = |lane, rest: &[u8]| [&frame(kind::LANE, &[lane]), rest].concat();
    let cases: Vec<(&str, Vec<u8>, LinkError)> = vec![
        ("no lane first", whole(1, 34), LinkError::FrameOrder),
        ("lane 4", lane(4, &[]), LinkError::Lane),
        ("no number", frame(kind::LANE, &[]), LinkError::FrameBody),
        (
            "a lane again",
            lane(0, &frame(kind::LANE, &[0])),
            LinkError::FrameOrder,
        ),
        (
            "a kind of control",
            lane(0, &hello(VERSION, 5)),
            LinkError::FrameKind,
        ),
        ("no kind", lane(0, &[0; 4]), LinkError::FrameTooShort),
        (
            "too long",
            lane(0, &too_long(LANE_FRAME_BYTES_MAX)),
            LinkError::FrameTooLong,
        ),
        (
            "no prefix",
            lane(0, &frame(kind::MESSAGE, &[1; 15])),
            LinkError::FrameBody,
        ),
        ("sequence zero", lane(0, &whole(0, 34)), LinkError::Sequence),
        (
            "half a header",
            lane(0, &whole(1, 33)),
            LinkError::FrameBody,
        ),
    ];
    for (what, bytes, error) in cases {
        let rogue = stage.meet().await;
        let mut stream = rogue.connection.open_uni().await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        stage.closed(what, rogue, error).await;
    }
}

#[tokio::test]
async fn one_lane_is_one_stream() {
    let mut stage = Stage::set();
    stage.cross("before").await;
    let rogue = stage.meet().await;
    let _first = rogue.lane(2).await;
    let _second = rogue.lane(2).await;
    stage.closed("lane 2 twice", rogue, LinkError::Lane).await;
}

#[tokio::test]
async fn a_stream_that_ends_is_never_taken_for_complete() {
    let mut stage = Stage::set();
    stage.cross("before").await;
    let own_card = stage.world.card(13);
    for (what, reset) in [("finished", false), ("reset", true)] {
        let mut rogue = stage.meet().await;
        let mut bytes = Vec::new();
        let to = stage.world.card(11).entity(1);
        let sent = message(own_card.entity(1), to, vec![3; 300]).to_bytes();
        for sequence in 1..=2 {
            let message = &sent;
            let frame = MessageFrame {
                sequence,
                number: sequence,
                message,
            };
            frame.write_to(&mut bytes);
        }
        let before = stage.node.messages.len();
        let mut stream = rogue.lane(1).await;
        // The first message whole, the second without its last byte.
        stream.write_all(&bytes[..bytes.len() - 1]).await.unwrap();
        let want = rogue
            .wait(|frame| matches!(frame, Control::WantStatement(_)))
            .await;
        let Control::WantStatement(want) = want else {
            unreachable!()
        };
        let number = if reset { 2 } else { 1 };
        let statement = own_card.statement(stage.rogue_host.key, number, want.nonce);
        let (domain, statement) = (want.domain, Some(statement));
        let answer = StatementFrame { domain, statement };
        rogue.say(&Control::Statement(answer)).await;
        until([&mut stage.node], "the whole message", |[node]| {
            node.messages.len() > before
        })
        .await;
        match reset {
            true => stream.reset(0u32.into()).unwrap(),
            false => stream.finish().unwrap(),
        }
        stage.closed(what, rogue, LinkError::StreamEnded).await;
        let of_rogue = |(host, _, _): &&(_, _, _)| *host == stage.rogue_host.key;
        let got = stage.node.messages[before..]
            .iter()
            .filter(of_rogue)
            .count();
        assert_eq!(got, 1, "{what}: only what was whole");
        // The next round is another incarnation, so that the domain is asked for again.
        stage.rogue_host = stage.world.host(103);
        forget_incarnation(&stage).await;
    }
}

/// Meets the node as another incarnation and leaves.
async fn forget_incarnation(stage: &Stage) {
    let mut rogue = Rogue::dial(&stage.rogue_host, stage.node.address()).await;
    rogue.incarnation = [0xee; 16];
    let hello = rogue.hello();
    rogue.say(&hello).await;
    rogue.wait(|frame| matches!(frame, Control::Hello(_))).await;
    rogue.connection.close(0u32.into(), b"");
}

#[tokio::test]
async fn the_control_stream_lasts_as_long_as_its_link() {
    let mut stage = Stage::set();
    stage.cross("before").await;
    let mut rogue = stage.meet().await;
    rogue.control.finish().unwrap();
    stage
        .closed("finished", rogue, LinkError::StreamEnded)
        .await;
    let mut rogue = stage.meet().await;
    let part = hello(VERSION, 5);
    rogue
        .control
        .write_all(&part[..part.len() - 1])
        .await
        .unwrap();
    rogue.control.finish().unwrap();
    stage.closed("cut", rogue, LinkError::StreamEnded).await;
}

#[tokio::test]
async fn a_lane_that_overtakes_the_hello_waits_for_it() {
    let world = World::new();
    let (own, rogue_host) = (world.host(101), world.host(102));
    let (local, card) = (world.card(11), world.card(12));
    let endpoint = RogueTls::default().listen(&rogue_host);
    let mut node = Node::of(&world, &own)
        .card(&local)
        .peer(rogue_host.key, Some(endpoint.local_addr().unwrap()), &[])
        .start();
    let mut rogue = Rogue::accept(&rogue_host, endpoint).await;
    let sent = message(card.entity(1), local.entity(1), vec![]).to_bytes();
    let mut bytes = Vec::new();
    let frame = MessageFrame {
        sequence: 1,
        number: 7,
        message: &sent,
    };
    frame.write_to(&mut bytes);
    let mut lane = rogue.lane(0).await;
    lane.write_all(&bytes).await.unwrap();
    // Time for a wrong implementation to read it; a right one does not care.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let hello = rogue.hello();
    rogue.say(&hello).await;
    let want = rogue
        .wait(|frame| matches!(frame, Control::WantStatement(_)))
        .await;
    let Control::WantStatement(want) = want else {
        unreachable!()
    };
    let (domain, statement) = (want.domain, card.statement(rogue_host.key, 1, want.nonce));
    let statement = Some(statement);
    rogue
        .say(&Control::Statement(StatementFrame { domain, statement }))
        .await;
    until([&mut node], "the message", |[node]| node.numbers() == [7]).await;
}
