//! Messages, and policies that say what a test wants.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use guard_policies::chain::{Chain, Defaults, FuelLimits, Link, Settings};
use guard_policies::{
    Answer, Entry, Facts, Failure, Locality, Opinion, Policy, Principal, Verdict,
};
use libetp::{Domain, EntityId, Header, Mtype, Port};

pub(crate) const HOME: Domain = Domain([1; 12]);
pub(crate) const ABROAD: Domain = Domain([2; 12]);
pub(crate) const TALK: Mtype = Mtype(0xC001);

pub(crate) struct Host;

impl Locality for Host {
    fn is_local(&self, domain: Domain) -> bool {
        domain == HOME
    }

    fn is_owner(&self, uid: u32, domain: Domain) -> bool {
        (uid, domain) == (1_000, HOME)
    }
}

pub(crate) fn app(uid: u32) -> Entry {
    let principal = Principal {
        uid,
        gid: 7,
        pid: 9,
    };
    Entry::App {
        principal,
        derived: false,
    }
}

pub(crate) fn program(port: u32) -> EntityId {
    HOME.entity(Port(port))
}

pub(crate) fn header(mtype: Mtype) -> Header {
    Header {
        src: program(5),
        dst: program(6),
        mtype,
    }
}

/// A message of user 1000 with three bytes of param.
pub(crate) fn talk() -> Facts<'static> {
    from(1_000)
}

pub(crate) fn from(uid: u32) -> Facts<'static> {
    Facts::new(app(uid), header(TALK), b"abc", &Host)
}

pub(crate) fn at(tick_ms: u64, facts: Facts<'static>) -> Facts<'static> {
    let mut facts = facts;
    facts.now.tick_ms = tick_ms;
    facts
}

/// Says the next thing of its list, and the last one for ever; counts how often it is asked.
pub(crate) struct Script {
    says: Mutex<Vec<Result<Opinion, Failure>>>,
    pub(crate) fuel: u64,
    asked: &'static AtomicUsize,
}

impl Policy for Script {
    fn judge(&self, _: &Facts<'_>) -> Answer {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut says = self.says.lock().unwrap();
        let opinion = match says.len() {
            1 => says[0].clone(),
            _ => says.remove(0),
        };
        Answer {
            opinion,
            fuel: self.fuel,
        }
    }

    fn fuel_max(&self) -> u64 {
        self.fuel
    }

    fn explain(&self) -> Vec<String> {
        vec!["what a test wants".into()]
    }
}

/// A link with its script, and the counter of how often it was asked.
pub(crate) fn scripted(
    name: &str,
    settings: Settings,
    fuel: u64,
    says: &[Result<Opinion, Failure>],
) -> (Link, &'static AtomicUsize) {
    let asked: &'static AtomicUsize = Box::leak(Box::default());
    let script = Script {
        says: Mutex::new(says.to_vec()),
        fuel,
        asked,
    };
    let mut digest = [0; 32];
    digest[..name.len()].copy_from_slice(name.as_bytes());
    let link = Link::new(name.into(), digest, None, settings, Box::new(script));
    (link, asked)
}

pub(crate) fn says(name: &str, opinion: Opinion) -> Link {
    scripted(name, Settings::default(), 0, &[Ok(opinion)]).0
}

pub(crate) fn fails() -> Result<Opinion, Failure> {
    Err(Failure("trapped".into()))
}

pub(crate) fn chain(links: Vec<Link>) -> Chain {
    Chain::new(links, Defaults::default(), FuelLimits::default(), [0; 32])
}

pub(crate) fn refused_by<'v>(verdict: &'v Verdict, rule: &str) -> &'v str {
    match verdict {
        Verdict::Refuse(reason) if reason.rule == rule => &reason.detail,
        other => panic!("not refused by {rule}: {other:?}"),
    }
}
