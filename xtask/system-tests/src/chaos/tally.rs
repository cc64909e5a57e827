//! What runs came to, in numbers.

use std::collections::BTreeMap;

use libetp::params::voucher::{ExchangeResult, Outcome, Xid};

use super::script::{Part, Victim};

/// What one side was told.
pub(super) type Results = BTreeMap<Exchange, ExchangeResult>;
/// An exchange: n1 of its offer, and the exchange that was agreed on, if any. An offer that is accepted anew after an
/// exchange of it was aborted has several.
pub(super) type Exchange = ([u8; 32], Option<Xid>);

/// What runs came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Runs.
    pub runs: usize,
    /// What was killed.
    pub kills: Kills,
    /// Exchanges that the cards completed alone, by the side that offered.
    pub completed: usize,
    /// Exchanges that the third party resolved.
    pub resolved: usize,
    /// Exchanges that the third party aborted.
    pub aborted: usize,
    /// Offers that came to nothing.
    pub cancelled: usize,
}

/// How often what was killed, at a, b and t.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kills {
    /// Daemons, with the cards that live in there.
    pub daemons: [usize; 3],
    /// Card processes.
    pub cards: [usize; 3],
    /// Processes that lead to readers.
    pub proxies: [usize; 3],
    /// `pcscd`, by the host at which it was to hurt.
    pub services: [usize; 3],
}

impl Kills {
    /// All of them.
    pub fn sum(&self) -> usize {
        let all = [self.daemons, self.cards, self.proxies, self.services];
        all.as_flattened().iter().sum()
    }

    /// One more.
    pub(super) fn count(&mut self, victim: Victim) {
        let of_part = match victim.part {
            Part::Daemon => &mut self.daemons,
            Part::Card => &mut self.cards,
            Part::Proxy => &mut self.proxies,
            Part::Service => &mut self.services,
        };
        of_part[victim.place as usize] += 1;
    }
}

impl std::ops::Add for Kills {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let sum = |one: [usize; 3], other: [usize; 3]| {
            std::array::from_fn(|place| one[place] + other[place])
        };
        Self {
            daemons: sum(self.daemons, other.daemons),
            cards: sum(self.cards, other.cards),
            proxies: sum(self.proxies, other.proxies),
            services: sum(self.services, other.services),
        }
    }
}

impl Tally {
    /// Counts how exchanges ended; an exchange that its sides name differently by the later name.
    pub(super) fn count(&mut self, results: &[Results; 2]) {
        let all = results.iter().flat_map(|side| side.values());
        let mut ends = BTreeMap::new();
        for result in all {
            let end = ends.entry(result.n1).or_insert(result.outcome);
            *end = (*end).max(result.outcome);
        }
        for end in ends.values() {
            match Outcome::from_u8(*end) {
                Some(Outcome::Completed) => self.completed += 1,
                Some(Outcome::Resolved) => self.resolved += 1,
                Some(Outcome::Aborted) => self.aborted += 1,
                _ => self.cancelled += 1,
            }
        }
    }
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            runs: self.runs + other.runs,
            kills: self.kills + other.kills,
            completed: self.completed + other.completed,
            resolved: self.resolved + other.resolved,
            aborted: self.aborted + other.aborted,
            cancelled: self.cancelled + other.cancelled,
        }
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), std::ops::Add::add)
    }
}
