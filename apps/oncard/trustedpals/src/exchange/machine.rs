//! One member's card.

use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::slot::slot;
use super::terms::{Release, SEED_BYTES, Terms};
use super::turn::{Setup, Turn};
use crate::uic::{Decision, Status, Uic};

/// Items by member.
pub type Items = Vec<Zeroizing<Vec<u8>>>;

/// Whether a member's item is what it was said to be.
pub type Matches = fn(member: usize, item: &[u8]) -> bool;

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
#[derive(Clone, Debug)]
pub struct Exchange {
    terms: Terms,
    matches: Matches,
    /// Rounds that are complete.
    round: u32,
    seeds: Vec<Option<Seed>>,
    items: Items,
    /// This member's item, piece by piece.
    pieces: Vec<Zeroizing<Vec<u8>>>,
    is_aborting: bool,
    /// Complete when the agreement begins; drawn at the end of the set-up.
    agreement_after: Option<u32>,
    agreement: Option<Uic<()>>,
    outcome: Option<Outcome>,
}

type Seed = Zeroizing<[u8; SEED_BYTES]>;

impl Exchange {
    /// A card before the first round. `seed` is fresh and random; `pieces` make up its item, one for each
    /// round of the set-up, missing ones being empty.
    pub fn new(
        terms: Terms,
        seed: Seed,
        pieces: Vec<Zeroizing<Vec<u8>>>,
        matches: Matches,
    ) -> Self {
        let mut seeds = vec![None; terms.n];
        seeds[terms.me] = Some(seed);
        let mut items = vec![Zeroizing::new(Vec::new()); terms.n];
        items[terms.me] = Zeroizing::new(pieces.iter().flat_map(|it| it.iter().copied()).collect());
        Self {
            terms,
            matches,
            round: 0,
            seeds,
            items,
            pieces,
            is_aborting: false,
            agreement_after: None,
            agreement: None,
            outcome: None,
        }
    }

    /// Rounds that are complete.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// Whether the session has ended.
    pub fn is_over(&self) -> bool {
        self.round >= self.terms.last_round()
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
        let seed = self.seeds[self.terms.me].clone()?;
        let piece = self.pieces.get(self.round as usize).cloned();
        (self.round < self.terms.setup_rounds).then(|| Setup {
            seed,
            piece: piece.unwrap_or_default(),
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
        let others = (0..self.terms.n).filter(|from| *from != self.terms.me);
        let heard: Vec<(usize, Option<&Turn>)> = others.map(|from| (from, heard(from))).collect();
        self.object(&heard);
        if self.round <= self.terms.setup_rounds {
            heard
                .iter()
                .for_each(|(from, turn)| self.take(*from, *turn));
        }
        if self.round == self.terms.setup_rounds {
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
        let mut items = self.items.iter().enumerate();
        let do_match = items.all(|(member, item)| (self.matches)(member, item));
        let seeds: Option<Vec<[u8; SEED_BYTES]>> = self
            .seeds
            .iter()
            .map(|seed| seed.as_ref().map(|it| **it))
            .collect();
        let Some(seeds) = seeds.map(Zeroizing::new).filter(|_| do_match) else {
            return self.abort();
        };
        let slot = slot(&seeds, &self.terms.session, self.terms.slots);
        self.agreement_after = Some(self.terms.setup_rounds + slot);
    }

    /// The agreement's part of the round, and its beginning after the drawn one.
    fn agree(&mut self, received: &[Option<Turn>]) {
        if self.is_aborting {
            return;
        }
        if let Some(agreement) = &mut self.agreement {
            let reports = received
                .iter()
                .map(|turn| turn.as_ref().and_then(|it| it.report.clone()));
            return agreement.step(&reports.collect::<Vec<_>>());
        }
        if self.agreement_after == Some(self.round)
            && let Ok(config) = self.terms.agreement()
        {
            self.agreement = Some(Uic::new(config, ()));
        }
    }

    /// Hands the outcome out when it is time.
    fn settle(&mut self) {
        if self.outcome.is_none() && (self.is_due() || self.is_over()) {
            let is_agreed = self
                .decision()
                .is_some_and(|it| it.values.iter().all(Option::is_some));
            let items = core::mem::take(&mut self.items);
            self.outcome = Some(match is_agreed {
                true => Outcome::Released(items),
                false => Outcome::Refused,
            });
        }
    }

    fn is_due(&self) -> bool {
        let (Some(decision), Some(after)) = (self.decision(), self.agreement_after) else {
            return false;
        };
        let decided_in = after + decision.round;
        match self.terms.release {
            Release::NextRound => self.round > decided_in,
            #[cfg(feature = "exploration")]
            Release::AtDecision => true,
        }
    }
}
