//! Requests, replays and `kill -9` in an order made from a seed, until every request was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use etp_pki::scheme::Scheme;
use etp_pki::{Leaf, Role};
use libetp::EntityId;
use libetp::digest::Hash;
use libetp::id::parse_hex;
use libetp::params::Param;
use libetp::params::voucher::{OutcomeBody, ThirdPartyOutcome, Xid};

use super::cards::{Card, Quarrel};
use super::link::Link;
use crate::binaries::Binaries;
use crate::deployment::Deployment;
use crate::dice::Dice;
use crate::host::Host;
use crate::program::Failure;

/// Exchanges in dispute.
const QUARRELS: usize = 48;
/// Kills of the third party.
const KILLS: usize = 6;
/// Most outcomes between two kills.
const OUTCOMES_MAX: usize = 40;
/// Longest time between an outcome and the kill behind it, in microseconds.
const SPREAD_US_MAX: usize = 3_000;
/// Most requests sent without looking for answers.
const VOLLEY_MAX: usize = 24;
/// How long answers are listened for after a volley.
const LISTEN: Duration = Duration::from_millis(20);
/// Without the end for so long, somebody waits for ever.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a siege came to.
#[derive(Clone, Debug)]
pub struct Siege {
    /// Exchanges in dispute.
    pub quarrels: usize,
    /// Signed outcomes that came, repetitions included.
    pub outcomes: usize,
    /// Which outcomes were ever signed, by exchange.
    pub signed: BTreeMap<Xid, BTreeSet<u8>>,
    /// `kill -9` of the third party's daemon.
    pub kills: usize,
}

/// Besieges a third party of its own deployment.
///
/// # Errors
/// [`Failure`] of a program; an outcome that the third party did not sign; no end.
pub fn besiege(binaries: Binaries, seed: u64) -> Result<Siege, Failure> {
    let at = Deployment::create(binaries)?;
    let named = |failure| Failure::new(format!("seed {seed}: {failure}"));
    Camp::pitch(&at, seed)
        .and_then(Camp::besiege)
        .map_err(named)
}

struct Camp {
    dice: Dice,
    cards: [Card; 2],
    link: Link,
    host: Host,
    quarrels: Vec<Quarrel>,
    /// Of the scheme.
    anchors: etp_pki::Anchors,
    /// Key id of the third party.
    arbiter: Hash,
    /// Which requests of each exchange were answered since the last kill: to resolve, to abort.
    answered: BTreeMap<Xid, [bool; 2]>,
    siege: Siege,
}

impl Camp {
    fn pitch(at: &Deployment, seed: u64) -> Result<Self, Failure> {
        let mut dice = Dice::new(seed, 0);
        let key = at.enrol("service", "service")?;
        let mut host = at.third_party("t", &at.path().join("service"))?;
        let failed = |error: &dyn std::fmt::Display| Failure::new(error.to_string());
        let scheme = Scheme::open(at.scheme()).map_err(|error| failed(&error))?;
        let mut card = || Card::certified(&scheme, &mut dice).map_err(|error| failed(&error));
        let cards = [card()?, card()?];
        let link = Link::open(at, &host.peer, &cards)?;
        host.start(&[&link.peer(&cards)])?;
        let arbiter = parse_hex(&key).ok_or_else(|| failed(&"not a key id"))?;
        let id: EntityId = host.card().parse().map_err(|error| failed(&error))?;
        let quarrels = (0..QUARRELS).map(|_| Quarrel::new(&cards, (arbiter, id), &mut dice));
        let quarrels: Vec<Quarrel> = quarrels.collect();
        Ok(Self {
            siege: Siege {
                quarrels: quarrels.len(),
                outcomes: 0,
                signed: BTreeMap::new(),
                kills: 0,
            },
            answered: BTreeMap::new(),
            anchors: scheme.file().anchors(),
            dice,
            cards,
            link,
            host,
            quarrels,
            arbiter,
        })
    }

    /// Kills, and then asks until every request has an answer of the last third party.
    fn besiege(mut self) -> Result<Siege, Failure> {
        let deadline = Instant::now() + PATIENCE;
        for _ in 0..KILLS {
            let enough = self.siege.outcomes + 1 + self.dice.below(OUTCOMES_MAX);
            while self.siege.outcomes < enough {
                self.volley(deadline)?;
            }
            std::thread::sleep(Duration::from_micros(self.dice.below(SPREAD_US_MAX) as u64));
            self.host.kill();
            self.host.launch()?;
            self.siege.kills += 1;
            self.answered.clear();
        }
        while !self.is_over() {
            self.volley(deadline)?;
        }
        Ok(self.siege)
    }

    /// Some requests, old and new, and what comes back.
    fn volley(&mut self, deadline: Instant) -> Result<(), Failure> {
        for _ in 0..=self.dice.below(VOLLEY_MAX) {
            let quarrel = &self.quarrels[self.dice.below(QUARRELS)];
            let request = match self.dice.chance(50) {
                true => &quarrel.resolve,
                false => &quarrel.abort,
            };
            self.link.send(request.clone());
        }
        while let Some(message) = self.link.receive(&mut self.cards, LISTEN) {
            if message.header.mtype == ThirdPartyOutcome::MTYPE {
                let outcome = ThirdPartyOutcome::from_param(&message.param);
                let outcome = outcome.map_err(|error| Failure::new(error.to_string()))?;
                self.collect(message.header.dst, &outcome)?;
            }
        }
        self.host.check_running()?;
        match Instant::now() > deadline {
            true => Err(Failure::new("the third party does not answer for ever")),
            false => Ok(()),
        }
    }

    fn collect(&mut self, to: EntityId, outcome: &ThirdPartyOutcome) -> Result<(), Failure> {
        let signer = self.signer(outcome)?;
        let body = OutcomeBody {
            xid: outcome.xid,
            outcome: outcome.outcome,
        };
        let signed = signer.check_signature("outcome", &body, &outcome.signature);
        signed.map_err(|_| Failure::new("an outcome that the third party did not sign"))?;
        let of_xid = self.siege.signed.entry(outcome.xid).or_default();
        of_xid.insert(outcome.outcome);
        self.siege.outcomes += 1;
        let side = usize::from(to == self.cards[1].id());
        self.answered.entry(outcome.xid).or_default()[side] = true;
        Ok(())
    }

    fn signer(&self, outcome: &ThirdPartyOutcome) -> Result<Leaf, Failure> {
        let leaf = etp_pki::verify(&outcome.certificate, Role::Service, &self.anchors);
        let leaf = leaf.map_err(|error| Failure::new(error.to_string()))?;
        match leaf.key == self.arbiter {
            true => Ok(leaf),
            false => Err(Failure::new("another service signed an outcome")),
        }
    }

    fn is_over(&self) -> bool {
        let both = |quarrel: &Quarrel| self.answered.get(&quarrel.xid) == Some(&[true, true]);
        self.quarrels.iter().all(both)
    }
}
