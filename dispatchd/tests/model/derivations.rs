//! Deriving never widens (promise S3): random chains against plain predicates.

use dispatchd::table::Limits;
use libetp::codec::{self, List};
use libetp::frame::body::{Derive, Token, VerdictBody};
use libetp::frame::kind;
use libetp::{EntityId, Mtype, Port};
use proptest::prelude::*;

use crate::world::{HOME, World};

/// Types of every sort that a program may try.
const MTYPES: [Mtype; 5] = [
    Mtype(0xC001),
    Mtype(0xC002),
    Mtype::PING,
    Mtype::SIGN,
    Mtype::AUTH_BEGIN,
];

/// One step of a chain: what is asked for, by place in the lists below; `None` asks for all.
#[derive(Clone, Debug)]
struct Step {
    destinations: Option<Vec<usize>>,
    mtypes: Option<Vec<usize>>,
}

fn step() -> impl Strategy<Value = Step> {
    let list = || proptest::option::of(proptest::collection::vec(0..5usize, 0..5));
    (list(), list()).prop_map(|(destinations, mtypes)| Step {
        destinations,
        mtypes,
    })
}

/// Whether a chain of derivations lets a message through: every step must name it, and what only
/// an owner may do is out of reach.
fn may(chain: &[Step], destination: usize, mtype: usize) -> bool {
    let named = |list: &Option<Vec<usize>>, what| match list {
        Some(list) => list.contains(&what),
        None => true,
    };
    let is_owners = [Mtype::SIGN, Mtype::AUTH_BEGIN].contains(&MTYPES[mtype]);
    !is_owners
        && chain
            .iter()
            .all(|step| named(&step.destinations, destination) && named(&step.mtypes, mtype))
}

fn derive(world: &mut World, parent: usize, step: &Step, ids: &[EntityId]) -> Token {
    let pick = |list: &Option<Vec<usize>>| list.clone().map(|list| list.into_iter());
    let derive = Derive {
        destinations: pick(&step.destinations).map(|list| List(list.map(|at| ids[at]).collect())),
        mtypes: pick(&step.mtypes).map(|list| List(list.map(|at| MTYPES[at]).collect())),
    };
    world.ask(parent, kind::DERIVE, &derive);
    let came = world.read_all(parent);
    assert_eq!(came[0].kind, kind::DERIVED);
    codec::from_slice(&came[0].body).unwrap()
}

/// The codes of the verdicts about one message: none if it went through.
fn send(world: &mut World, program: usize, dst: EntityId, mtype: Mtype) -> Vec<u16> {
    let mut body = dst.to_bytes().to_vec();
    body.extend_from_slice(&mtype.0.to_be_bytes());
    body.extend_from_slice(&[0x81, 0x40]);
    let number = world.say(program, kind::SEND, &body);
    world.settle();
    let verdicts = world.read_all(program).into_iter().map(|came| {
        assert_eq!((came.kind, came.number), (kind::VERDICT, number));
        codec::from_slice::<VerdictBody>(&came.body).unwrap().code
    });
    verdicts.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_chain_of_derivations_may_what_every_step_allows(
        shards in 1..=3u16,
        chain in proptest::collection::vec(step(), 1..6),
    ) {
        let mut world = World::new(shards, Limits::default());
        let root = world.connect(0, 1);
        let id = world.acquire(root, true).id;
        let mut ids = vec![HOME.card(), id, HOME.entity(Port::DIAGNOSTICS)];
        for shard in 0..2 {
            let other = world.connect(shard % usize::from(shards), 2);
            ids.push(world.acquire(other, false).id);
        }
        let mut last = root;
        for (n, step) in chain.iter().enumerate() {
            let token = derive(&mut world, last, step, &ids);
            last = world.connect((n + 1) % usize::from(shards), 3 + n as u32);
            world.ask(last, kind::ADOPT, &token);
            prop_assert_eq!(world.acquired(last).id, id);
        }
        for (destination, dst) in ids.iter().enumerate() {
            for (mtype, &name) in MTYPES.iter().enumerate() {
                let is_ping = name == Mtype::PING;
                let is_diagnostics = dst.port == Port::DIAGNOSTICS;
                let expected = may(&chain, destination, mtype) && (is_ping || !is_diagnostics);
                let verdicts = send(&mut world, last, *dst, name);
                prop_assert_eq!(verdicts.is_empty(), expected, "{} to {}", name, dst);
            }
        }
    }
}
