//! What must hold after every step, whatever the adversary did.
//!
//! *Conservation*: a voucher that was issued and not redeemed is in exactly one place. A place is a
//! card that holds it, or a running exchange that has it: S_B's record has v2; S_A's record has v1
//! until S_B committed, and v2 from then on. What the third party resolved has moved in both records.
//! *Fairness*: no card holds what a running exchange of its own gives or gets.
//! *Agreement*: S_A reports completion only if S_B committed; the two ends never report otherwise.

use std::collections::{BTreeMap, BTreeSet};

use libetp::params::voucher::{Outcome, Vid, Xid};
use oncard_voucher::records::Side;

use crate::holdings::{DamagedError, Holdings, Running};

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A voucher is in two places.
    #[error("conservation: a voucher is in {0} places")]
    Copied(usize),
    /// A voucher is in no place.
    #[error("conservation: a voucher is nowhere")]
    Lost,
    /// A voucher is held that no issuer signed.
    #[error("conservation: a voucher that nobody issued")]
    Invented,
    /// A redeemed voucher is in some place.
    #[error("conservation: a redeemed voucher is back")]
    Returned,
    /// A card holds what its own running exchange gives or gets.
    #[error("fairness: a card keeps what it gives, or has what it has not paid for")]
    Unfair,
    /// S_A completed, S_B did not commit; or the ends report different outcomes.
    #[error("agreement: the two ends of an exchange report different outcomes")]
    Disagreement,
    /// The third party forgot or changed an outcome.
    #[error("outcome: the third party forgot or changed what it had decided")]
    Forgotten,
    /// An exchange did not come to its end.
    #[error("progress: {0}")]
    Stuck(String),
    /// A card's records do not go together.
    #[error("records: {0}")]
    Damaged(#[from] DamagedError),
}

/// Watches all cards of a run.
#[derive(Clone, Debug, Default)]
pub struct Checker {
    cards: Vec<Holdings>,
    issuable: BTreeSet<Vid>,
    seen: BTreeSet<Vid>,
    redeemed: BTreeSet<Vid>,
    committed: BTreeSet<Xid>,
    outcomes: BTreeMap<Xid, u8>,
    decided: BTreeMap<Xid, u8>,
}

impl Checker {
    /// For so many cards.
    pub fn new(cards: usize) -> Self {
        Self {
            cards: vec![Holdings::default(); cards],
            ..Self::default()
        }
    }

    /// The issuer signed this voucher, for one card.
    pub fn issued(&mut self, vid: Vid) {
        self.issuable.insert(vid);
    }

    /// What a card has.
    pub fn card(&self, index: usize) -> &Holdings {
        &self.cards[index]
    }

    /// How many exchanges committed.
    pub fn committed(&self) -> usize {
        self.committed.len()
    }

    /// What the third party decided.
    pub fn decided(&self) -> &BTreeMap<Xid, u8> {
        &self.decided
    }

    /// The third party changed.
    ///
    /// # Errors
    /// The first [`Violation`].
    pub fn observe_third_party(&mut self, decided: BTreeMap<Xid, u8>) -> Result<(), Violation> {
        if self
            .decided
            .iter()
            .any(|(xid, outcome)| decided.get(xid) != Some(outcome))
        {
            return Err(Violation::Forgotten);
        }
        self.decided = decided;
        self.check_conservation()
    }

    /// A card changed.
    ///
    /// # Errors
    /// The first [`Violation`].
    pub fn observe(&mut self, index: usize, holdings: Holdings) -> Result<(), Violation> {
        self.committed.extend(&holdings.committed);
        self.redeemed.extend(&holdings.redeemed);
        self.cards[index] = holdings;
        self.check_fairness(index)?;
        self.check_agreement(index)?;
        self.check_conservation()
    }

    fn check_fairness(&self, index: usize) -> Result<(), Violation> {
        let card = &self.cards[index];
        let both = |run: &Running| card.held.contains(&run.give) || card.held.contains(&run.want);
        match card.running.values().any(both) {
            true => Err(Violation::Unfair),
            false => Ok(()),
        }
    }

    fn check_agreement(&mut self, index: usize) -> Result<(), Violation> {
        for (side, result) in &self.cards[index].results {
            let Some(xid) = result.xid else { continue };
            let known = *self.outcomes.entry(xid).or_insert(result.outcome);
            let moved = |outcome: u8| outcome != Outcome::Aborted as u8;
            let alone = *side == Side::Offering
                && result.outcome == Outcome::Completed as u8
                && !self.committed.contains(&xid);
            if alone || moved(known) != moved(result.outcome) {
                return Err(Violation::Disagreement);
            }
        }
        Ok(())
    }

    fn check_conservation(&mut self) -> Result<(), Violation> {
        let places = self.places();
        if places.keys().any(|vid| !self.issuable.contains(vid)) {
            return Err(Violation::Invented);
        }
        if places.keys().any(|vid| self.redeemed.contains(vid)) {
            return Err(Violation::Returned);
        }
        if let Some(count) = places.values().find(|count| **count > 1) {
            return Err(Violation::Copied(*count));
        }
        self.seen.extend(places.keys());
        let gone = |vid: &Vid| !places.contains_key(vid) && !self.redeemed.contains(vid);
        match self.seen.iter().any(gone) {
            true => Err(Violation::Lost),
            false => Ok(()),
        }
    }

    /// In how many places each voucher is.
    fn places(&self) -> BTreeMap<Vid, usize> {
        let mut places = BTreeMap::new();
        for card in &self.cards {
            let running = card
                .running
                .iter()
                .map(|(xid, run)| self.in_record(xid, run));
            for vid in card.held.iter().copied().chain(running) {
                *places.entry(vid).or_default() += 1;
            }
        }
        places
    }

    /// Which voucher a running exchange has.
    fn in_record(&self, xid: &Xid, run: &Running) -> Vid {
        let resolved = self.decided.get(xid) == Some(&(Outcome::Resolved as u8));
        let committed = run.side == Side::Offering && self.committed.contains(xid);
        match resolved || committed {
            true => run.want,
            false => run.give,
        }
    }
}
