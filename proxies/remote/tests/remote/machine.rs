//! The link machine alone, against a network that cuts, reorders between streams, truncates,
//! lets both sides dial, and restarts hosts; and the reference: what was sent is delivered at
//! most once, in order, and what is not delivered has a verdict.

mod network;

use libetp::VerdictCode;
use network::{Network, Op};
use proptest::prelude::*;

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

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn at_most_once_in_order_and_never_silent(ops in prop::collection::vec(op(), 1..400)) {
        let mut network = Network::new();
        ops.into_iter().for_each(|op| network.apply(op));
        network.heal();
        network.check();
    }

    #[test]
    fn without_restarts_and_long_outages_everything_arrives_exactly_once(
        ops in prop::collection::vec(op(), 1..400)
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
fn a_link_that_stays_down_gives_every_message_its_verdict_in_time() {
    let mut network = Network::new();
    network.apply(Op::Send { side: 0, flow: 0 });
    network.apply(Op::Pass { ms: 29_999 });
    assert!(network.verdicts(0).is_empty());
    network.apply(Op::Pass { ms: 1 });
    assert_eq!(network.verdicts(0), [(1, VerdictCode::HostUnreachable)]);
}
