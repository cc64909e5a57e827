//! One member's card.

use alloc::vec;
use alloc::vec::Vec;

use libetp::codec::{List, to_vec};
use libetp::digest::Hash;
use libetp::params::pals::Exchanged;
use zeroize::{Zeroize, Zeroizing};

use super::item::matches;
use super::plan::{Plan, Release, SEED_BYTES};
use super::slot::slot;
use super::turn::{Setup, Turn};
use crate::party::{Content, Machine, Output};
use crate::uic::{Config, Decision, Status, Uic};

/// Items by member.
pub type Items = Vec<Zeroizing<Vec<u8>>>;

/// How it ended, as the host learns it.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All have all items.
    Released(Items),
    /// Nobody has any.
    Refused,
}

impl core::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Released(_) => "Released",
            Self::Refused => "Refused",
        })
    }
}

/// A card in an exchange.
///
/// In each round send [`turn`](Self::turn) to all others, then give what came to
/// [`step`](Self::step), until [`is_over`](Self::is_over). [`outcome`](Self::outcome) is what may leave the card
/// so far.
#[derive(Clone)]
pub struct Exchange {
    plan: Plan,
    session: Hash,
    /// Rounds that are complete.
    round: u32,
    seeds: Vec<Option<Seed>>,
    items: Items,
    is_aborting: bool,
    /// Complete when the agreement begins; drawn at the end of the set-up.
    agreement_after: Option<u32>,
    agreement: Option<Uic<()>>,
    outcome: Option<Outcome>,
    is_told: bool,
}

type Seed = Zeroizing<[u8; SEED_BYTES]>;

impl core::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut shown = f.debug_struct("Exchange");
        shown.field("plan", &self.plan).field("round", &self.round);
        shown.finish_non_exhaustive()
    }
}

impl Exchange {
    /// A card before the first round of the session with that id, which is never used again. `seed` is fresh and
    /// random.
    pub fn new(plan: Plan, session: Hash, seed: Seed, item: Zeroizing<Vec<u8>>) -> Self {
        let mut seeds = vec![None; plan.n()];
        seeds[plan.me()] = Some(seed);
        // As long as they get: nothing of them is left behind where they were shorter.
        let bytes = plan.piece_bytes() * plan.setup_rounds() as usize;
        let empty = || Zeroizing::new(Vec::with_capacity(bytes));
        let mut items: Items = core::iter::repeat_with(empty).take(plan.n()).collect();
        items[plan.me()] = item;
        Self {
            plan,
            session,
            round: 0,
            seeds,
            items,
            is_aborting: false,
            agreement_after: None,
            agreement: None,
            outcome: None,
            is_told: false,
        }
    }

    /// Rounds that are complete.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Whether the session has ended.
    pub fn is_over(&self) -> bool {
        self.round >= self.plan.last_round()
    }

    /// What the host may know, once it may.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// What to send to every other member in the next round. There is one in every round.
    pub fn turn(&self) -> Turn {
        let report = self.agreement.as_ref().map(Uic::report);
        Turn {
            abort: self.is_aborting,
            is_empty: self.has_halted() && !self.is_aborting,
            setup: self.setup(),
            report: report.flatten().filter(|_| !self.is_aborting),
        }
    }

    fn setup(&self) -> Option<Setup> {
        if self.round >= self.plan.setup_rounds() {
            return None;
        }
        let me = self.plan.me();
        let mut pieces = self.items[me].chunks(self.plan.piece_bytes());
        let piece = pieces.nth(self.round as usize).unwrap_or_default();
        Some(Setup {
            seed: self.seeds[me].clone()?,
            piece: Zeroizing::new(piece.to_vec()),
        })
    }

    fn has_halted(&self) -> bool {
        let status = self.agreement.as_ref().map(Uic::status);
        matches!(status, Some(Status::Halted(_)))
    }

    fn decision(&self) -> Option<&Decision<()>> {
        self.agreement.as_ref().and_then(Uic::decision)
    }

    /// Ends a round with what came in it, by sender.
    pub fn step(&mut self, received: &[Option<Turn>]) {
        if self.is_over() {
            return;
        }
        self.round += 1;
        let heard = |from: usize| {
            received
                .get(from)
                .and_then(Option::as_ref)
                .filter(|it| !it.is_empty)
        };
        let others = (0..self.plan.n()).filter(|from| *from != self.plan.me());
        let heard: Vec<(usize, Option<&Turn>)> = others.map(|from| (from, heard(from))).collect();
        self.object(&heard);
        if self.round <= self.plan.setup_rounds() {
            heard
                .iter()
                .for_each(|(from, turn)| self.take(*from, *turn));
        }
        if self.round == self.plan.setup_rounds() {
            self.draw();
        }
        self.agree(received);
        self.settle();
    }

    /// Before the agreement nothing may be missing, and before the decision nobody may refuse.
    fn object(&mut self, heard: &[(usize, Option<&Turn>)]) {
        let is_before = self.agreement.is_none();
        let is_missing = heard.iter().any(|(_, turn)| turn.is_none());
        let is_refused = heard
            .iter()
            .any(|(_, turn)| turn.is_some_and(|it| it.abort));
        if (is_before && is_missing) || (self.decision().is_none() && is_refused) {
            self.abort();
        }
    }

    fn abort(&mut self) {
        self.is_aborting = true;
        self.items
            .iter_mut()
            .for_each(|item| *item = Zeroizing::default());
    }

    /// Takes what a member puts in.
    fn take(&mut self, from: usize, turn: Option<&Turn>) {
        let Some(setup) = turn.and_then(|it| it.setup.as_ref()) else {
            return self.abort();
        };
        let seed = self.seeds[from].get_or_insert_with(|| setup.seed.clone());
        if *seed != setup.seed {
            return self.abort();
        }
        self.items[from].extend_from_slice(&setup.piece);
    }

    /// All is there, or nobody gets anything.
    fn draw(&mut self) {
        let mut items = self.plan.items().iter().zip(&mut self.items);
        let do_match = items.all(|(description, item)| {
            // Pieces are all of one length; the item ends where its description says.
            item.truncate(description.bytes as usize);
            matches(description, item)
        });
        let seeds: Option<Vec<[u8; SEED_BYTES]>> = self
            .seeds
            .iter()
            .map(|seed| seed.as_ref().map(|it| **it))
            .collect();
        let Some(seeds) = seeds.map(Zeroizing::new).filter(|_| do_match) else {
            return self.abort();
        };
        let slot = slot(&seeds, &self.session, self.plan.slots());
        self.agreement_after = Some(self.plan.setup_rounds() + slot);
    }

    /// The agreement's part of the round, and its beginning after the drawn one. In all other rounds as much is done
    /// for nothing: how long a round takes must not tell when the agreement is.
    fn agree(&mut self, received: &[Option<Turn>]) {
        match self.agreement.as_mut().filter(|_| !self.is_aborting) {
            Some(agreement) => {
                let reports = received.iter();
                let reports = reports.map(|turn| turn.as_ref().and_then(|it| it.report.clone()));
                agreement.step(&reports.collect::<Vec<_>>());
            }
            None => idle(self.plan.agreement()),
        }
        let begins = self.agreement.is_none() && self.agreement_after == Some(self.round);
        if begins && !self.is_aborting {
            self.agreement = Some(Uic::new(self.plan.agreement(), ()));
        }
    }

    /// Hands the outcome out when it is time.
    fn settle(&mut self) {
        if self.outcome.is_some() {
            return;
        }
        if self.is_agreed() && (self.is_due() || self.is_over()) {
            self.outcome = Some(Outcome::Released(core::mem::take(&mut self.items)));
        } else if self.is_over() {
            self.abort();
            self.outcome = Some(Outcome::Refused);
        }
    }

    /// All consent.
    fn is_agreed(&self) -> bool {
        let decision = self.decision();
        decision.is_some_and(|it| it.values.iter().all(Option::is_some))
    }

    fn is_due(&self) -> bool {
        let (Some(decision), Some(after)) = (self.decision(), self.agreement_after) else {
            return false;
        };
        let decided_in = after + decision.round;
        match self.plan.release() {
            Release::NextRound => self.round > decided_in,
            #[cfg(feature = "exploration")]
            Release::AtDecision => true,
        }
    }
}

impl Machine for Exchange {
    fn n(&self) -> usize {
        self.plan.n()
    }

    fn me(&self) -> usize {
        self.plan.me()
    }

    fn content_bytes(&self) -> usize {
        self.plan.content_bytes()
    }

    fn content(&self) -> Content {
        self.turn().to_bytes(self.plan.piece_bytes())
    }

    fn end_round(&mut self, received: &[Option<Content>]) {
        let began = self.agreement_after.unwrap_or_default();
        let agreement = (self.round + 1).saturating_sub(began);
        let (n, bytes) = (self.plan.n(), self.plan.piece_bytes());
        let turn = |content: &Content| Turn::from_bytes(content, n, bytes, agreement);
        let turns = received.iter().map(|it| it.as_ref().and_then(turn));
        self.step(&turns.collect::<Vec<_>>());
    }

    /// Nothing: what a card does is as much in every round.
    fn work(&mut self) {}

    fn is_over(&self) -> bool {
        Self::is_over(self)
    }

    fn take_output(&mut self) -> Option<Output> {
        let outcome = self.outcome.as_mut().filter(|_| !self.is_told)?;
        self.is_told = true;
        Some(match outcome {
            Outcome::Released(items) => Output::Result(encoded(core::mem::take(items))),
            Outcome::Refused => Output::Refused,
        })
    }
}

/// A round of an agreement that is about nothing.
fn idle(config: Config) {
    let mut agreement = Uic::new(config, ());
    let reports = vec![agreement.report(); config.n()];
    agreement.step(&reports);
    core::hint::black_box(&agreement);
}

fn encoded(items: Items) -> Zeroizing<Vec<u8>> {
    let bare = items.iter().map(|item| item.to_vec());
    let mut exchanged = Exchanged {
        items: List(bare.collect()),
    };
    let bytes = Zeroizing::new(to_vec(&exchanged));
    exchanged.items.0.iter_mut().for_each(Zeroize::zeroize);
    bytes
}
