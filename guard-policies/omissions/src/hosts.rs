//! The hosts of a session.

use crate::attack::{Attack, Cut, RANDOM, Style};
use crate::draws::Draws;
use crate::{Set, contains, first};

/// The hosts of a session, of which some are corrupt.
#[derive(Clone, Debug)]
pub struct Hosts {
    corrupt: Set,
    style: Style,
    /// Rounds in which they do nothing.
    after: u32,
    draws: Draws,
}

impl Hosts {
    /// Hosts of `n` members in a session of so many rounds. At most so many are corrupt, and these are the first
    /// members: how many, the seed says with [`Attack::Random`]; with [`Attack::None`] none is, otherwise all of them.
    pub fn new(attack: Attack, n: usize, most: usize, rounds: u32, seed: u64) -> Self {
        let count = match attack {
            Attack::None => 0,
            Attack::Random => Draws::of_session(!seed)(most + 1),
            _ => most,
        };
        Self::corrupt_are(first(count), attack, n, rounds, seed)
    }

    /// The same with those corrupt.
    pub fn corrupt_are(corrupt: Set, attack: Attack, n: usize, rounds: u32, seed: u64) -> Self {
        let style = match attack {
            Attack::None => Style::Nothing,
            Attack::Random => RANDOM[Draws::of_session(seed)(RANDOM.len())],
            Attack::Chain => Style::Chain,
            Attack::OneWay => one_way(corrupt & first(n), n, rounds, seed),
            Attack::Loses(one_in) => Style::Loses(one_in),
            Attack::Cut(cut) => Style::Cut(cut),
        };
        Self {
            corrupt: corrupt & first(n),
            style,
            after: 0,
            draws: Draws::new(seed, n),
        }
    }

    /// They begin after so many rounds, which count for nothing: a [`Attack::Chain`] is one of the agreement.
    #[must_use]
    pub fn after(self, rounds: u32) -> Self {
        let after = rounds;
        Self { after, ..self }
    }

    /// Whose hosts are corrupt.
    pub fn corrupt(&self) -> Set {
        self.corrupt
    }

    /// Who waited for a reason to cut has one in this round: a [`Cut`] begins no later.
    pub fn cut_now(&mut self, round: u32) {
        if let Style::Cut(cut) = &mut self.style {
            cut.round = cut.round.min(round);
        }
    }

    /// Whether a message of a round is lost; in round 0 links are made. Between honest hosts none is.
    pub fn loses(&mut self, round: u32, from: usize, to: usize) -> bool {
        if self.after > 0 && round <= self.after {
            return false;
        }
        let round = round - self.after;
        let is_bad = |member| contains(self.corrupt, member);
        let (bad_from, bad_to) = (is_bad(from), is_bad(to));
        from != to && (bad_from || bad_to) && self.spoils(round, (from, bad_from), (to, bad_to))
    }

    fn spoils(
        &mut self,
        round: u32,
        (from, bad_from): (usize, bool),
        (to, bad_to): (usize, bool),
    ) -> bool {
        let drawn = self.draws.of(round, from, to);
        let one_in = |many: u32| drawn.is_multiple_of(many.max(1));
        // The chain of the corrupt ones passes them in order.
        let (link, before) = (self.place(from), round.saturating_sub(1));
        match self.style {
            Style::Nothing => false,
            Style::Loses(many) => one_in(many),
            Style::Lets(many) => !one_in(many),
            Style::Chain if bad_from && bad_to => {
                (link, self.place(to)) != (before, before + 1) && !one_in(3)
            }
            Style::Chain if bad_from => link <= before && !one_in(16),
            Style::Crashes if bad_from => before > link || (before == link && one_in(2)),
            Style::Whispers if bad_from && !bad_to => !one_in(4),
            Style::Whispers if bad_from => one_in(3),
            Style::Chain | Style::Crashes | Style::Whispers => one_in(12),
            Style::Cut(cut) => {
                round >= cut.round && contains(cut.from, from) && contains(cut.to, to)
            }
        }
    }

    /// How many corrupt members are before this one.
    fn place(&self, member: usize) -> u32 {
        (self.corrupt & first(member)).count_ones()
    }
}

/// Between one of the corrupt members and any other one.
fn one_way(corrupt: Set, n: usize, rounds: u32, seed: u64) -> Style {
    let mut below = Draws::of_session(seed);
    let own = (0..n).filter(|member| contains(corrupt, *member));
    let own: Vec<usize> = own.collect();
    let Some(own) = own.get(below(own.len())).copied() else {
        return Style::Nothing;
    };
    let other = (own + 1 + below(n.saturating_sub(1))) % n;
    let round = 1 + below(rounds as usize) as u32;
    let (from, to) = match below(2) {
        0 => (own, other),
        _ => (other, own),
    };
    Style::Cut(Cut {
        round,
        from: 1 << from,
        to: 1 << to,
    })
}
