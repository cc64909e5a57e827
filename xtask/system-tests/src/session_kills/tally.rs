//! What sessions came to, in numbers.

use super::endings::{End, Ending};
use super::script::Act;

/// What sessions came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Sessions that were decided.
    pub sessions: usize,
    /// Of them, those with more touched hosts than members may be corrupt.
    pub beyond: usize,
    /// Of them, those that were not started.
    pub unstarted: usize,
    /// Sums that members were told.
    pub sums: usize,
    /// Of them, those without somebody's number.
    pub partial: usize,
    /// Cards that took no part in the end.
    pub halted: usize,
    /// What was done.
    pub blows: Blows,
    /// Sessions that were repeated, since the machine was too busy.
    pub repeated: usize,
    /// Sessions that were repeated in vain.
    pub undecided: usize,
}

/// How often what was done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blows {
    /// Daemons killed.
    pub daemons_killed: usize,
    /// Cards killed that have a process of their own.
    pub cards_killed: usize,
    /// Daemons that stood still.
    pub daemons_stopped: usize,
    /// Owners' programs killed.
    pub programs_killed: usize,
    /// Owners' programs that stood still.
    pub programs_stopped: usize,
    /// Hosts whose links were cut.
    pub cuts: usize,
}

impl Blows {
    /// All of them.
    pub fn sum(&self) -> usize {
        self.each().iter().sum()
    }

    /// Each kind.
    pub fn each(&self) -> [usize; 6] {
        [
            self.daemons_killed,
            self.cards_killed,
            self.daemons_stopped,
            self.programs_killed,
            self.programs_stopped,
            self.cuts,
        ]
    }

    /// One more.
    pub(super) fn count(&mut self, act: &Act) {
        let of_kind = match act {
            Act::KillDaemon => &mut self.daemons_killed,
            Act::KillCard => &mut self.cards_killed,
            Act::StopDaemon => &mut self.daemons_stopped,
            Act::KillProgram => &mut self.programs_killed,
            Act::StopProgram => &mut self.programs_stopped,
            Act::Cut { .. } => &mut self.cuts,
        };
        *of_kind += 1;
    }
}

impl Tally {
    /// Counts how a session ended.
    pub(super) fn count(&mut self, ends: &[End]) {
        self.sessions += 1;
        for end in ends {
            match &end.ending {
                Ending::Sum(_, count) => {
                    self.sums += 1;
                    self.partial += usize::from(*count < ends.len());
                }
                Ending::Without(why) => self.halted += usize::from(why == "halted"),
                Ending::Unstarted | Ending::Unknown(_) => {}
            }
        }
    }
}

impl std::ops::Add for Blows {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            daemons_killed: self.daemons_killed + other.daemons_killed,
            cards_killed: self.cards_killed + other.cards_killed,
            daemons_stopped: self.daemons_stopped + other.daemons_stopped,
            programs_killed: self.programs_killed + other.programs_killed,
            programs_stopped: self.programs_stopped + other.programs_stopped,
            cuts: self.cuts + other.cuts,
        }
    }
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            sessions: self.sessions + other.sessions,
            beyond: self.beyond + other.beyond,
            unstarted: self.unstarted + other.unstarted,
            sums: self.sums + other.sums,
            partial: self.partial + other.partial,
            halted: self.halted + other.halted,
            blows: self.blows + other.blows,
            repeated: self.repeated + other.repeated,
            undecided: self.undecided + other.undecided,
        }
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), std::ops::Add::add)
    }
}
