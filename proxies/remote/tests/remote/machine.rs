//! The link machine alone, against a network that cuts, reorders between streams, truncates,
//! lets both sides dial, and restarts hosts; and the reference: what was sent is delivered at
//! most once, in order, and what is not delivered has a verdict.

mod network;

use libetp::codec::List;
use libetp::{EntityId, VerdictCode};
use network::{Network, Op};
use proptest::prelude::*;

use crate::support::message;
use remote_proxy::link::{
    Ack, ConnectionId, Control, Hello, Link, LinkEffect, LinkError, MessageFrame, Now, Opened,
    Outgoing, VERSION,
};
use remote_proxy::{CHANNELS, LANES, Limits, LinkState, VERDICTS_OWED_MAX};

fn op() -> impl Strategy<Value = Op> {
    let side = 0..2usize;
    prop_oneof![
        8 => (side.clone(), 0..6u32).prop_map(|(side, flow)| Op::Send { side, flow }),
        2 => side.clone().prop_map(|side| Op::Verdict { side }),
        12 => (side.clone(), 0..5usize).prop_map(|(side, stream)| Op::Transmit { side, stream }),
        12 => (any::<u8>(), 0..5usize).prop_map(|(pick, stream)| Op::Arrive { pick, stream }),
        4 => any::<u8>().prop_map(|pick| Op::Open { pick }),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(pick, keep)| Op::Cut { pick, keep }),
        4 => any::<u8>().prop_map(|pick| Op::NoticeLoss { pick }),
        4 => (1..400u64).prop_map(|ms| Op::Pass { ms }),
        1 => (30_000..40_000u64).prop_map(|ms| Op::Pass { ms }),
        1 => side.prop_map(|side| Op::Restart { side }),
    ]
}

/// Both dial, and the hello of the one with the smaller key is late: whatever it says to have
/// received is out of date when it comes.
fn race() -> Vec<Op> {
    vec![
        Op::Pass { ms: 200 },
        Op::Open { pick: 0 },
        Op::Transmit { side: 0, stream: 0 },
        Op::Open { pick: 2 },
        Op::Open { pick: 2 },
        Op::Transmit { side: 1, stream: 0 },
        Op::Arrive { pick: 3, stream: 0 },
        Op::Transmit { side: 0, stream: 0 },
        Op::Arrive { pick: 2, stream: 0 },
    ]
}

/// Everything that can happen, in half of the cases after both have dialled.
fn story() -> impl Strategy<Value = Vec<Op>> {
    let ops = prop::collection::vec(op(), 1..400);
    (any::<bool>(), ops).prop_map(|(raced, ops)| match raced {
        true => race().into_iter().chain(ops).collect(),
        false => ops,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn at_most_once_in_order_and_never_silent(ops in story()) {
        let mut network = Network::new();
        ops.into_iter().for_each(|op| network.apply(op));
        network.heal();
        network.check();
    }

    #[test]
    fn without_restarts_and_long_outages_everything_arrives_exactly_once(
        ops in story()
    ) {
        let mut network = Network::new();
        let harmless = |op: &Op| match op {
            Op::Restart { .. } => false,
            Op::Pass { ms } => *ms < 400,
            _ => true,
        };
        for op in ops.into_iter().filter(harmless) {
            // The longest outage that is still harmless.
            if network.now_ms() < 25_000 {
                network.apply(op);
            }
        }
        network.heal();
        network.check();
        network.check_everything_arrived();
    }
}

#[test]
fn a_restart_gives_what_was_sent_the_verdict_unknown_and_delivers_the_rest() {
    let mut network = Network::new();
    network.settle_link();
    network.apply(Op::Send { side: 0, flow: 0 });
    let lanes = 1..5usize;
    lanes.for_each(|stream| network.apply(Op::Transmit { side: 0, stream }));
    network.apply(Op::Restart { side: 1 });
    network.apply(Op::Send { side: 0, flow: 0 });
    network.heal();
    network.check();
    assert_eq!(network.verdicts(0), [(1, VerdictCode::Unknown)]);
    assert_eq!(network.delivered_to(1), [2]);
}

#[test]
fn a_hello_that_is_out_of_date_leads_to_repeats_that_are_dropped() {
    let mut network = Network::new();
    race().into_iter().for_each(|op| network.apply(op));
    network.apply(Op::Send { side: 1, flow: 0 });
    for stream in 1..=LANES {
        network.apply(Op::Transmit { side: 1, stream });
        network.apply(Op::Arrive { pick: 3, stream });
    }
    assert_eq!(network.delivered_to(0), [1]);
    network.heal();
    network.check();
    assert_eq!(network.repeats(0), 1);
}

#[test]
fn what_may_have_arrived_is_unknown_and_never_called_unreachable() {
    let mut network = Network::new();
    network.settle_link();
    network.apply(Op::Send { side: 0, flow: 0 });
    for stream in 1..=LANES {
        network.apply(Op::Transmit { side: 0, stream });
        (0..8).for_each(|pick| network.apply(Op::Arrive { pick, stream }));
    }
    assert_eq!(network.delivered_to(1), [1]);
    (0..2).for_each(|pick| network.apply(Op::Cut { pick, keep: 0 }));
    (0..4).for_each(|pick| network.apply(Op::NoticeLoss { pick }));
    network.apply(Op::Pass { ms: 30_000 });
    assert_eq!(network.verdicts(0), [(1, VerdictCode::Unknown)]);
    network.heal();
    network.check();
}

#[test]
fn a_link_that_stays_down_gives_every_message_its_verdict_in_time() {
    let mut network = Network::new();
    network.apply(Op::Send { side: 0, flow: 0 });
    network.apply(Op::Pass { ms: 29_999 });
    assert!(network.verdicts(0).is_empty());
    network.apply(Op::Pass { ms: 1 });
    assert_eq!(network.verdicts(0), [(1, VerdictCode::HostUnreachable)]);
}

/// A link that is up on connection 1 until its certificates end at second 2,000.
fn up() -> Link {
    up_between([1; 32], [2; 32])
}

fn up_between(own: [u8; 32], peer: [u8; 32]) -> Link {
    let now = Now {
        ms: 0,
        unix_s: 1_000,
    };
    let address = ([127, 0, 0, 1], 1).into();
    let limits = Limits::default();
    let mut link = Link::new(own, peer, Some(address), [1; 16], limits, [0; 32], now);
    link.timeout(Now { ms: 100, ..now });
    let Some(LinkEffect::Dial(attempt)) = link.poll() else {
        panic!("dials at once")
    };
    let opened = Opened {
        attempt: Some(attempt),
        address,
        ends_unix_s: 2_000,
    };
    assert!(link.opened(now, ConnectionId(1), opened));
    assert_eq!(link.status(now).state, LinkState::Greeting);
    let hello = Hello {
        version: VERSION,
        incarnation: [2; 16],
        peer_incarnation: None,
        received: List(vec![0; CHANNELS]),
    };
    link.control(now, ConnectionId(1), Control::Hello(hello))
        .unwrap();
    assert_eq!(link.poll(), Some(LinkEffect::Up(address)));
    link
}

#[test]
fn a_link_ends_with_its_certificates() {
    let mut link = up();
    let looks = link.deadline_ms(Now {
        ms: 5,
        unix_s: 1_990,
    });
    assert_eq!(looks, Some(5 + 11_000), "in the first second after the end");
    let last = Now {
        ms: 7,
        unix_s: 2_000,
    };
    link.timeout(last);
    assert_eq!(
        (link.poll(), link.status(last).state),
        (None, LinkState::Up)
    );
    link.timeout(Now {
        ms: 8,
        unix_s: 2_001,
    });
    let Some(LinkEffect::Close(ConnectionId(1), fault)) = link.poll() else {
        panic!("closes")
    };
    assert_eq!(fault.error, LinkError::CertificateEnded);
    assert!(matches!(link.poll(), Some(LinkEffect::Down(_))));
}

#[test]
fn a_clock_that_jumps_is_noticed_within_a_minute() {
    let link = up();
    assert_eq!(
        link.deadline_ms(Now {
            ms: 0,
            unix_s: 1_000
        }),
        Some(60_000)
    );
}

/// The peer dials too, and says hello on connection 2.
fn peer_dials(link: &mut Link, ms: u64) -> Result<(), LinkError> {
    peer_returns(link, ms, vec![0; CHANNELS])
}

/// As [`peer_dials`], with what it says to have received.
fn peer_returns(link: &mut Link, ms: u64, received: Vec<u64>) -> Result<(), LinkError> {
    let now = Now { ms, unix_s: 1_000 };
    let opened = Opened {
        attempt: None,
        address: ([127, 0, 0, 1], 1).into(),
        ends_unix_s: 2_000,
    };
    assert!(link.opened(now, ConnectionId(2), opened));
    let hello = Hello {
        version: VERSION,
        incarnation: [2; 16],
        peer_incarnation: Some([1; 16]),
        received: List(received),
    };
    let told = link.control(now, ConnectionId(2), Control::Hello(hello));
    told.map(drop).map_err(|fault| fault.error)
}

#[test]
fn the_connection_that_the_smaller_key_dialled_replaces_ours() {
    let mut link = up_between([2; 32], [1; 32]);
    assert_eq!(peer_dials(&mut link, 200), Ok(()));
    assert_eq!(link.current(), Some(ConnectionId(2)));
}

#[test]
fn what_the_peers_hello_says_it_received_is_not_repeated() {
    let mut link = up();
    let now = Now {
        ms: 200,
        unix_s: 1_000,
    };
    let message = message(Default::default(), Default::default(), vec![]);
    for number in 1..=3 {
        let message = message.clone();
        link.send(now, Outgoing { number, message }).unwrap();
    }
    let lanes = 0..LANES;
    let sent = lanes.filter_map(|lane| link.transmit(now, ConnectionId(1), lane).map(|_| lane));
    let sent: Vec<_> = sent.collect();
    assert_eq!(sent.len(), 1, "one flow, one lane");
    link.closed(now, ConnectionId(1), "lost");
    let mut received = vec![0; CHANNELS];
    received[sent[0]] = 2;
    assert_eq!(peer_returns(&mut link, 300, received), Ok(()));
    assert_eq!(link.status(now).queued_messages, 1);
    assert!(link.transmit_control(now, ConnectionId(2)).is_some());
    let again = link.transmit(now, ConnectionId(2), sent[0]).unwrap();
    let frame = MessageFrame::parse(&again[5..]).unwrap();
    assert_eq!((frame.sequence, frame.number), (3, 3));
}

#[test]
fn frames_of_a_connection_that_does_not_count_mean_nothing() {
    let mut link = up();
    let now = Now {
        ms: 200,
        unix_s: 1_000,
    };
    let bytes = message(Default::default(), Default::default(), vec![]).to_bytes();
    let frame = MessageFrame {
        sequence: 1,
        number: 1,
        message: &bytes,
    };
    assert_eq!(link.message(now, ConnectionId(2), 0, frame), Ok(None));
    assert!(
        link.message(now, ConnectionId(1), 0, frame)
            .unwrap()
            .is_some()
    );
    assert_eq!(
        link.message(now, ConnectionId(1), 0, frame),
        Ok(None),
        "a repeat"
    );
}

#[test]
fn if_both_dial_at_the_same_time_the_smaller_keys_connection_stays() {
    let mut link = up();
    assert_eq!(peer_dials(&mut link, 9_999), Err(LinkError::Duplicate));
    assert_eq!(link.current(), Some(ConnectionId(1)));
}

#[test]
fn a_peer_that_dials_later_has_lost_the_connection_that_we_still_believe_in() {
    let mut link = up();
    assert_eq!(peer_dials(&mut link, 10_000), Ok(()));
    assert_eq!(link.current(), Some(ConnectionId(2)));
}

#[test]
fn a_connection_that_nobody_waits_for_is_not_wanted() {
    let mut link = up();
    let now = Now {
        ms: 1,
        unix_s: 1_000,
    };
    let late = Opened {
        attempt: Some(remote_proxy::link::Attempt(1)),
        address: ([127, 0, 0, 1], 1).into(),
        ends_unix_s: 2_000,
    };
    assert!(!link.opened(now, ConnectionId(2), late));
    link.closed(now, ConnectionId(2), "never opened");
    assert_eq!(link.status(now).state, LinkState::Up);
}

#[test]
fn the_last_acknowledgement_has_time_to_arrive_at_the_end() {
    let mut link = up();
    let at = |ms| Now { ms, unix_s: 1_000 };
    while link.poll().is_some() {}
    let bytes = message(Default::default(), Default::default(), vec![]).to_bytes();
    let frame = MessageFrame {
        sequence: 1,
        number: 1,
        message: &bytes,
    };
    link.message(at(200), ConnectionId(1), 0, frame).unwrap();
    link.shut_down(at(201));
    assert_eq!(link.poll(), None, "an acknowledgement is owed");
    let told = link.transmit_control(at(201), ConnectionId(1)).unwrap();
    assert!(
        told.windows(4).any(|it| it == [0x02, 0x82, 0x00, 0x01]),
        "ack, lane 0 to 1"
    );
    link.timeout(at(250));
    assert_eq!(link.poll(), None);
    link.timeout(at(251));
    let Some(LinkEffect::Close(_, fault)) = link.poll() else {
        panic!("closes")
    };
    assert_eq!(fault.error, LinkError::ShuttingDown);
}

/// Transmits and acknowledges so many messages of one lane, of which `before` came earlier.
fn cross(link: &mut Link, now: Now, before: u64, count: u64) {
    for number in before + 1..=before + count {
        let message = message(EntityId::default(), EntityId::default(), vec![]);
        link.send(now, Outgoing { number, message }).unwrap();
        let used = (0..LANES).find(|lane| link.transmit(now, ConnectionId(1), *lane).is_some());
        let (channel, sequence) = (used.unwrap() as u8, number);
        let ack = Control::Ack(Ack { channel, sequence });
        link.control(now, ConnectionId(1), ack).unwrap();
    }
}

#[test]
fn a_host_owes_one_verdict_for_each_message_that_went_to_it_last() {
    let (mut link, now) = (up(), Now::default());
    assert!(!link.take_verdict());
    cross(&mut link, now, 0, 2);
    assert_eq!([(); 3].map(|()| link.take_verdict()), [true, true, false]);
    cross(&mut link, now, 2, VERDICTS_OWED_MAX + 1);
    let owed = std::iter::repeat_with(|| link.take_verdict()).take_while(|owed| *owed);
    assert_eq!(owed.count() as u64, VERDICTS_OWED_MAX);
}
