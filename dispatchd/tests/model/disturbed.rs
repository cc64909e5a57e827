//! Experiments: messages that come late, out of order, or twice, and nothing else changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dispatchd::table::Guard;
use guard_policies::chain::{Chain, Defaults, FuelLimits, Link, Settings};
use guard_policies::{Answer, Disturbance, Facts, Opinion, Policy};
use libetp::Mtype;

use crate::guarded::{params, send, verdicts, world};

const TALK: Mtype = Mtype(0xC001);

/// Disturbs the first message, and refuses what says so.
struct Once(Disturbance, AtomicUsize);

impl Policy for Once {
    fn judge(&self, _: &Facts<'_>) -> Answer {
        match self.1.fetch_add(1, Ordering::Relaxed) {
            0 => Opinion::Disturb(self.0).into(),
            _ => Opinion::Indifferent.into(),
        }
    }

    fn explain(&self) -> Vec<String> {
        Vec::new()
    }
}

struct RefusesNo;

impl Policy for RefusesNo {
    fn judge(&self, facts: &Facts<'_>) -> Answer {
        match facts.param() {
            Some(b"no") => Opinion::Refuse("no".into()).into(),
            _ => Opinion::Indifferent.into(),
        }
    }

    fn explain(&self) -> Vec<String> {
        Vec::new()
    }
}

fn guard(how: Disturbance) -> Guard {
    let link = |name: &str, policy: Box<dyn Policy>| {
        Link::new(name.into(), [0; 32], None, Settings::default(), policy)
    };
    let links = vec![
        link("once", Box::new(Once(how, AtomicUsize::new(0)))),
        link("no", Box::new(RefusesNo)),
    ];
    let chain = Chain::new(links, Defaults::default(), FuelLimits::default(), [0; 32]);
    Guard {
        chain: Arc::new(chain),
        ..Guard::default()
    }
}

#[test]
fn a_delay_keeps_its_flow_in_order() {
    let (mut world, ids) = world(1, 3);
    world.set_guard(guard(Disturbance::Delay(40)));
    send(&mut world, 0, ids[1], TALK, b"1");
    send(&mut world, 0, ids[1], TALK, b"2");
    send(&mut world, 0, ids[2], TALK, b"3");
    assert_eq!(world.wakes, [40]);
    world.pass_time(39);
    assert!(params(&world.read_all(1)).is_empty());
    assert_eq!(params(&world.read_all(2)), [b"3"]);
    world.pass_time(1);
    assert_eq!(params(&world.read_all(1)), [b"1", b"2"]);
}

#[test]
fn a_reordered_message_is_overtaken() {
    let (mut world, ids) = world(1, 2);
    world.set_guard(guard(Disturbance::Reorder(40)));
    send(&mut world, 0, ids[1], TALK, b"1");
    send(&mut world, 0, ids[1], TALK, b"2");
    assert_eq!(params(&world.read_all(1)), [b"2"]);
    world.pass_time(40);
    assert_eq!(params(&world.read_all(1)), [b"1"]);
}

#[test]
fn a_duplicate_comes_twice_and_once_in_verdicts() {
    let (mut world, ids) = world(1, 2);
    world.set_guard(guard(Disturbance::Duplicate));
    send(&mut world, 0, ids[1], TALK, b"1");
    assert_eq!(params(&world.read_all(1)), [b"1", b"1"]);
    world.set_guard(guard(Disturbance::Duplicate));
    let refused = send(&mut world, 0, ids[1], TALK, b"no");
    let verdicts = verdicts(&world.read_all(0));
    assert_eq!(verdicts.keys().collect::<Vec<_>>(), [&refused]);
}

#[test]
fn the_policies_after_an_experiment_are_asked() {
    for how in [Disturbance::Delay(40), Disturbance::Reorder(40)] {
        let (mut world, ids) = world(1, 2);
        world.set_guard(guard(how));
        let refused = send(&mut world, 0, ids[1], TALK, b"no");
        world.pass_time(40);
        assert!(params(&world.read_all(1)).is_empty());
        assert!(
            verdicts(&world.read_all(0)).contains_key(&refused),
            "{how:?}"
        );
    }
}

#[test]
fn what_is_delayed_goes_back_at_the_end() {
    for how in [Disturbance::Delay(40), Disturbance::Reorder(40)] {
        let (mut world, ids) = world(1, 2);
        world.set_guard(guard(how));
        let sent = send(&mut world, 0, ids[1], TALK, b"1");
        world.shards[0].input(dispatchd::table::Input::ReturnMail);
        world.work();
        assert!(verdicts(&world.read_all(0)).contains_key(&sent), "{how:?}");
    }
}

/// Puts its name in place of the param.
struct Signs(&'static [u8]);

impl Policy for Signs {
    fn judge(&self, _: &Facts<'_>) -> Answer {
        Opinion::Rewrite(self.0.to_vec()).into()
    }

    fn explain(&self) -> Vec<String> {
        Vec::new()
    }
}

#[test]
fn what_an_older_chain_made_of_a_message_is_forgotten_with_it() {
    let signed = |generation, name: Option<&'static [u8]>, last: Box<dyn Policy>| {
        let settings = || Settings {
            may_rewrite: vec![TALK],
            ..Settings::default()
        };
        let link = |name: &str, policy| Link::new(name.into(), [0; 32], None, settings(), policy);
        let first = name.map(|name| link("signs", Box::new(Signs(name))));
        let links = first.into_iter().chain([link("last", last)]).collect();
        let mut chain = Chain::new(links, Defaults::default(), FuelLimits::default(), [0; 32]);
        chain.generation = generation;
        Guard {
            chain: Arc::new(chain),
            ..Guard::default()
        }
    };
    for how in [Disturbance::Delay(40), Disturbance::Reorder(40)] {
        for (next, comes) in [
            (None, b"old"),
            (Some(None), b"1st"),
            (Some(Some(b"new")), b"new"),
        ] {
            let (mut world, ids) = world(1, 2);
            let late = Box::new(Once(how, AtomicUsize::new(0)));
            world.set_guard(signed(7, Some(b"old"), late));
            send(&mut world, 0, ids[1], TALK, b"1st");
            if let Some(name) = next {
                let name = name.map(|name: &[u8; 3]| name.as_slice());
                world.set_guard(signed(8, name, Box::new(RefusesNo)));
            }
            world.pass_time(40);
            assert_eq!(params(&world.read_all(1)), [comes], "{how:?}, {next:?}");
        }
    }
}
