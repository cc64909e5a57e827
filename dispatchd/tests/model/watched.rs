//! What those learn who watch Guard: traces, captures, and what another chain would have said.

use std::sync::Arc;

use dispatchd::table::{Guard, GuardRecord, Limits};
use guard_policies::chain::{Chain, Defaults, FuelLimits, Link, Settings};
use guard_policies::{Answer, Decision, Facts, Opinion, Policy};
use libetp::frame::kind;
use libetp::{EntityId, Mtype};

use crate::world::{Came, World};

const ANY: Mtype = Mtype(0xC001);

/// Gives every message the same answer.
#[derive(Clone)]
struct Always(Opinion);

impl Policy for Always {
    fn judge(&self, _: &Facts<'_>) -> Answer {
        self.0.clone().into()
    }

    fn explain(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A chain of policies that always say the same; `true` for the slow ones.
fn chain(generation: u64, opinions: &[(Opinion, bool)]) -> Arc<Chain> {
    let links = opinions.iter().enumerate().map(|(n, (opinion, is_slow))| {
        let settings = Settings {
            is_slow: *is_slow,
            may_rewrite: vec![ANY],
            ..Settings::default()
        };
        let policy = Box::new(Always(opinion.clone()));
        Link::new(format!("p{n}"), [n as u8; 32], None, settings, policy)
    });
    let (links, defaults) = (links.collect(), Defaults::default());
    let mut chain = Chain::new(links, defaults, FuelLimits::default(), [0; 32]);
    chain.generation = generation;
    Arc::new(chain)
}

fn refusal() -> Opinion {
    Opinion::Refuse("no".into())
}

/// Two programs with ids.
fn world() -> (World, [EntityId; 2]) {
    let mut world = World::new(1, Limits::default());
    let ids = [0, 1].map(|uid| {
        let program = world.connect(0, uid);
        world.acquire(program, false).id
    });
    (world, ids)
}

fn send(world: &mut World, to: EntityId, param: &[u8]) {
    let body = [&to.to_bytes()[..], &ANY.0.to_be_bytes(), param].concat();
    world.say(0, kind::SEND, &body);
}

fn delivered(came: &[Came]) -> Vec<&[u8]> {
    const BEFORE_PARAM: usize = 35;
    let delivered = came.iter().filter(|came| came.kind == kind::DELIVER);
    delivered.map(|came| &came.body[BEFORE_PARAM..]).collect()
}

fn steps(record: &GuardRecord) -> Vec<&str> {
    let steps = record.steps.iter();
    steps.map(|step| step.policy.as_str()).collect()
}

#[test]
fn what_an_older_chain_made_of_a_message_is_forgotten_with_it() {
    let (mut world, ids) = world();
    let rewrite = Opinion::Rewrite(b"old".to_vec());
    let old = chain(1, &[(rewrite, false), (Opinion::Pass, true)]);
    world.set_guard(Guard {
        chain: old,
        ..Guard::default()
    });
    send(&mut world, ids[1], b"as sent");
    world.set_guard(Guard {
        chain: chain(2, &[]),
        ..Guard::default()
    });
    world.judge_slow();
    assert_eq!(delivered(&world.read_all(1)), [b"as sent"]);
}

#[test]
fn what_a_chain_made_of_a_message_before_a_slow_policy_stays() {
    let (mut world, ids) = world();
    let rewrite = Opinion::Rewrite(b"changed".to_vec());
    world.set_guard(Guard {
        chain: chain(1, &[(rewrite, false), (Opinion::Pass, true)]),
        ..Guard::default()
    });
    send(&mut world, ids[1], b"as sent");
    world.judge_slow();
    assert_eq!(delivered(&world.read_all(1)), [b"changed"]);
}

#[test]
fn a_shadow_is_compared_with_what_a_slow_policy_says_in_the_end() {
    for (enforced, differs) in [(Opinion::Pass, true), (refusal(), false)] {
        let (mut world, ids) = world();
        world.set_guard(Guard {
            chain: chain(1, &[(enforced, true)]),
            shadow: Some(chain(2, &[(refusal(), false)])),
            ..Guard::default()
        });
        send(&mut world, ids[1], b"");
        assert!(world.judged.is_empty(), "nothing is decided yet");
        world.judge_slow();
        assert_eq!(world.judged.len(), usize::from(differs));
        let said = world.judged.first().and_then(|it| it.differing.as_ref());
        assert_eq!(
            said.is_some_and(|it| it.decision == Decision::Refuse),
            differs
        );
    }
}

/// Refuses messages with this param.
struct Refuses(&'static [u8]);

impl Policy for Refuses {
    fn judge(&self, facts: &Facts<'_>) -> Answer {
        match facts.param() == Some(self.0) {
            true => refusal().into(),
            false => Opinion::Pass.into(),
        }
    }

    fn explain(&self) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn a_shadow_judges_what_was_sent_and_not_what_the_chain_made_of_it() {
    let (mut world, ids) = world();
    let rewrite = Opinion::Rewrite(b"changed".to_vec());
    let refuses = Box::new(Refuses(b"changed"));
    let link = Link::new("p".into(), [9; 32], None, Settings::default(), refuses);
    let (links, fuel) = (vec![link], FuelLimits::default());
    world.set_guard(Guard {
        chain: chain(1, &[(rewrite, false), (Opinion::Pass, true)]),
        shadow: Some(Arc::new(Chain::new(
            links,
            Defaults::default(),
            fuel,
            [0; 32],
        ))),
        ..Guard::default()
    });
    send(&mut world, ids[1], b"as sent");
    world.judge_slow();
    let record = &world.judged[0];
    assert_eq!(record.record.param.as_deref(), Some(&b"as sent"[..]));
    let said = record.differing.as_ref().map(|it| it.decision);
    assert_eq!(said, Some(Decision::Pass));
}

#[test]
fn a_message_is_captured_once_and_compared_once_however_long_it_waits() {
    let (mut world, ids) = world();
    let hold = Opinion::Hold("is it wanted?".into());
    world.set_guard(Guard {
        chain: chain(1, &[(hold, true)]),
        shadow: Some(chain(2, &[(refusal(), false)])),
        is_captured: true,
        ..Guard::default()
    });
    send(&mut world, ids[1], b"1");
    world.judge_slow();
    let ticket = world.held()[0].ticket;
    world.answer(ticket, true);
    world.judge_slow();
    assert_eq!(delivered(&world.read_all(1)), [b"1"]);
    assert_eq!(world.judged.len(), 1);
    let record = &world.judged[0];
    assert!(record.is_captured && record.differing.is_some());
    assert_eq!(record.outcome.decision, Decision::Hold);
}

#[test]
fn a_watched_message_tells_what_was_approved() {
    let (mut world, ids) = world();
    let hold = Opinion::Hold("is it wanted?".into());
    world.set_guard(Guard {
        chain: chain(1, &[(hold, false)]),
        watched: [ids[1]].into(),
        ..Guard::default()
    });
    send(&mut world, ids[1], b"");
    let ticket = world.held()[0].ticket;
    world.answer(ticket, true);
    let approved: Vec<_> = world
        .judged
        .iter()
        .map(|it| it.steps[0].is_approved)
        .collect();
    assert_eq!(approved, [false, true]);
}

#[test]
fn a_watched_message_tells_every_step_on_the_worker_too() {
    let (mut world, ids) = world();
    world.set_guard(Guard {
        chain: chain(1, &[(Opinion::Indifferent, false), (Opinion::Pass, true)]),
        watched: [ids[1]].into(),
        ..Guard::default()
    });
    send(&mut world, ids[1], b"");
    world.judge_slow();
    let all: Vec<_> = world.judged.iter().map(steps).collect();
    assert_eq!(all, [vec!["p0"], vec!["p1"]]);
    send(&mut world, ids[0], b"");
    assert_eq!(world.judged.len(), 2, "nobody watches the other id");
}
