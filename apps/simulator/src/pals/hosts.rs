//! Corrupt hosts. All that links leave them is to omit messages, in either direction.

use oncard_trustedpals::Members;

use crate::dice::Dice;

/// How corrupt hosts play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// They do what they should.
    None,
    /// Each run another way of losing messages.
    Random,
    /// They hand a value on among themselves, one in each round, and tell it nobody else before the last.
    Chain,
    /// They lose messages in one direction only, to or from one other member.
    OneWay,
}

/// How likely messages are lost in a run.
#[derive(Clone, Copy, Debug)]
enum Style {
    Nothing,
    /// One in so many is lost.
    Loses(usize),
    /// One in so many arrives.
    Lets(usize),
    Chain,
    /// One after the other stops in the middle of a round, for good.
    Crashes,
    /// Honest members hear little of the corrupt ones, these nearly all.
    Whispers,
    /// What this member says to that one is lost from a round on.
    From(u32, usize, usize),
}

const RANDOM: [Style; 7] = [
    Style::Loses(2),
    Style::Loses(8),
    Style::Lets(8),
    Style::Lets(3),
    Style::Chain,
    Style::Crashes,
    Style::Whispers,
];

/// The hosts of a run.
#[derive(Clone, Debug)]
pub struct Hosts {
    corrupt: Members,
    style: Style,
    dice: Dice,
}

impl Hosts {
    /// Hosts of `n` members in a session of so many rounds, `most` of them corrupt or fewer.
    pub fn new(attack: Attack, n: usize, most: usize, rounds: u32, mut dice: Dice) -> Self {
        let count = match attack {
            Attack::None => 0,
            Attack::Random => dice.below(most + 1),
            Attack::Chain | Attack::OneWay => most,
        };
        let style = match attack {
            Attack::None => Style::Nothing,
            Attack::Random => dice.pick(&RANDOM).copied().unwrap_or(Style::Nothing),
            Attack::Chain => Style::Chain,
            Attack::OneWay => one_way(n, count, rounds, &mut dice),
        };
        let corrupt = Members::first(count);
        Self {
            corrupt,
            style,
            dice,
        }
    }

    /// Whose hosts are corrupt: the first members.
    pub fn corrupt(&self) -> Members {
        self.corrupt
    }

    /// Whether a message of a round, from 1, is lost. Between honest hosts none is.
    pub fn loses(&mut self, round: u32, from: usize, to: usize) -> bool {
        let (bad_from, bad_to) = (self.corrupt.contains(from), self.corrupt.contains(to));
        from != to && (bad_from || bad_to) && self.spoils(round, (from, bad_from), (to, bad_to))
    }

    fn spoils(
        &mut self,
        round: u32,
        (from, bad_from): (usize, bool),
        (to, bad_to): (usize, bool),
    ) -> bool {
        let before = round as usize - 1;
        let mut one_in = |many: usize| self.dice.below(many) == 0;
        match self.style {
            Style::Nothing => false,
            Style::Loses(many) => one_in(many),
            Style::Lets(many) => !one_in(many),
            Style::Chain if bad_from && bad_to => (from, to) != (before, before + 1) && !one_in(3),
            Style::Chain if bad_from => from <= before && !one_in(16),
            Style::Crashes if bad_from => before > from || (before == from && one_in(2)),
            Style::Whispers if bad_from && !bad_to => !one_in(4),
            Style::Whispers if bad_from => one_in(3),
            Style::Chain | Style::Crashes | Style::Whispers => one_in(12),
            Style::From(first, of, at) => round >= first && (of, at) == (from, to),
        }
    }
}

fn one_way(n: usize, corrupt: usize, rounds: u32, dice: &mut Dice) -> Style {
    let own = dice.below(corrupt);
    let other = (own + 1 + dice.below(n - 1)) % n;
    let first = 1 + dice.below(rounds as usize) as u32;
    match dice.chance(50) {
        true => Style::From(first, own, other),
        false => Style::From(first, other, own),
    }
}
