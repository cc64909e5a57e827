//! What happens in one session, all of it from one seed.

use std::time::Duration;

use libetp::Mtype;

use super::sum;
use crate::dice::Dice;

/// How many hosts there are.
pub(super) const SIZES: [usize; 2] = [3, 5];
/// Most blows that one host suffers.
const BLOWS_MAX: usize = 2;
/// In percent, how many sessions nobody disturbs.
const PEACEFUL: usize = 6;
/// In percent, in how many of the others more hosts are touched than members may be corrupt.
const TOO_MANY: usize = 25;
/// Rounds of a session that nobody notices much of at most.
const ROUNDS_MAX: usize = 8;
/// Longest short time, in thousandths of a round.
const SHORT_MILLI: usize = 2_500;
/// Longest time, in thousandths of a round: about what a session takes in which all wait for somebody.
const LONG_MILLI: usize = 8_000;
/// In percent, how many times are long ones.
const LONG: usize = 15;
/// Longest time between the event and the blow, in thousandths of a round.
const SPREAD_MILLI: usize = 1_200;
/// In percent, how many blows fall with such a spread; the others fall within a message's time.
const SPREAD: usize = 40;
/// The same in microseconds.
const SPREAD_US_MAX: usize = 4_000;

/// What happens in one session.
#[derive(Clone, Debug)]
pub struct Script {
    /// Where it came from.
    pub seed: u64,
    /// In order of members.
    pub numbers: Vec<i64>,
    /// Whom it meets; no host twice.
    pub victims: Vec<Victim>,
}

/// A host that is touched.
#[derive(Clone, Debug)]
pub struct Victim {
    /// Which.
    pub host: usize,
    /// In order.
    pub blows: Vec<Blow>,
}

/// What is done to a host, and when.
#[derive(Clone, Debug)]
pub struct Blow {
    /// The event before it.
    pub after: After,
    /// How long after the event.
    pub spread: Span,
    /// What.
    pub act: Act,
    /// How long until it is undone.
    pub lasts: Span,
}

/// The host's trace shows so many more messages of that type.
#[derive(Clone, Copy, Debug)]
pub struct After {
    /// Which type.
    pub step: Mtype,
    /// How many.
    pub count: usize,
}

/// What can be done to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// `kill -9` of its daemon, and so of a card that lives there; then it is started again.
    KillDaemon,
    /// `kill -9` of its card's own process, which is started again.
    KillCard,
    /// Its daemon stands still.
    StopDaemon,
    /// Its owner's program stands still.
    StopProgram,
    /// `kill -9` of its owner's program; then another one takes over.
    KillProgram,
    /// Links to some others are cut.
    Cut {
        /// To whom.
        others: Vec<usize>,
        /// What the host sends is lost.
        outward: bool,
        /// What is sent to it is lost.
        inward: bool,
    },
}

/// A time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// In microseconds.
    Micros(u64),
    /// In thousandths of a round.
    MilliRounds(u64),
}

impl Span {
    /// How long that is if a round takes so long.
    pub fn of(self, round: Duration) -> Duration {
        match self {
            Self::Micros(micros) => Duration::from_micros(micros),
            Self::MilliRounds(milli) => round.mul_f64(milli as f64 / 1e3),
        }
    }
}

impl Script {
    /// The script of a seed.
    pub fn new(seed: u64) -> Self {
        let n = Self::size(seed);
        let mut writer = Writer {
            n,
            dice: Dice::new(seed, 0),
        };
        let victims = writer.victims();
        let numbers = sum::numbers(n, &mut Dice::new(seed, 1));
        Self {
            seed,
            numbers,
            victims,
        }
    }

    /// How many hosts the session of a seed has.
    pub fn size(seed: u64) -> usize {
        SIZES[(seed % SIZES.len() as u64) as usize]
    }

    /// A session that nobody disturbs.
    pub fn peaceful(seed: u64) -> Self {
        Self {
            victims: Vec::new(),
            ..Self::new(seed)
        }
    }

    /// Whom it meets.
    pub fn touched(&self) -> Vec<usize> {
        self.victims.iter().map(|victim| victim.host).collect()
    }
}

/// Whether a host's card has a process of its own: every other one.
pub(super) fn has_card_process(host: usize) -> bool {
    host % 2 == 1
}

/// Of so many hosts, fewer than half.
pub(super) fn corrupt_max(n: usize) -> usize {
    (n - 1) / 2
}

/// Chooses what scripts are made of.
struct Writer {
    n: usize,
    dice: Dice,
}

impl Writer {
    fn victims(&mut self) -> Vec<Victim> {
        if self.dice.chance(PEACEFUL) {
            return Vec::new();
        }
        let most = corrupt_max(self.n);
        let count = match self.dice.chance(TOO_MANY) {
            true => most + 1 + self.dice.below(self.n - most),
            false => 1 + self.dice.below(most),
        };
        let hosts = self.some(count, |_| true);
        hosts.into_iter().map(|host| self.victim(host)).collect()
    }

    /// So many different hosts.
    fn some(&mut self, count: usize, of: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut left: Vec<usize> = (0..self.n).filter(|host| of(*host)).collect();
        let mut some = Vec::new();
        while some.len() < count && !left.is_empty() {
            some.push(left.swap_remove(self.dice.below(left.len())));
        }
        some
    }

    fn victim(&mut self, host: usize) -> Victim {
        let count = 1 + self.dice.below(BLOWS_MAX);
        let blows = (0..count).map(|_| self.blow(host)).collect();
        Victim { host, blows }
    }

    fn blow(&mut self, host: usize) -> Blow {
        Blow {
            after: self.event(),
            spread: match self.dice.chance(SPREAD) {
                true => Span::MilliRounds(self.dice.below(SPREAD_MILLI) as u64),
                false => Span::Micros(self.dice.below(SPREAD_US_MAX) as u64),
            },
            act: self.act(host),
            lasts: Span::MilliRounds(match self.dice.chance(LONG) {
                true => self.dice.below(LONG_MILLI) as u64,
                false => self.dice.below(SHORT_MILLI) as u64,
            }),
        }
    }

    fn event(&mut self) -> After {
        let others = self.n - 1;
        let (step, most) = match self.dice.below(10) {
            0 => (Mtype::SESSION_START, 1),
            1 => (Mtype::SESSION_HANDSHAKE, others),
            2..4 => (Mtype::SESSION_STATE, ROUNDS_MAX),
            4 => (Mtype::ROUND_OVER, ROUNDS_MAX - 2),
            _ => (Mtype::SESSION_PACKET, others * (ROUNDS_MAX - 2)),
        };
        let count = 1 + self.dice.below(most);
        After { step, count }
    }

    fn act(&mut self, host: usize) -> Act {
        match self.dice.below(10) {
            0..2 if has_card_process(host) => Act::KillCard,
            0..3 => Act::KillDaemon,
            3..5 => Act::StopDaemon,
            5..7 => Act::StopProgram,
            7 => Act::KillProgram,
            _ => self.cut(host),
        }
    }

    fn cut(&mut self, host: usize) -> Act {
        let count = 1 + self.dice.below(self.n - 1);
        let others = self.some(count, |other| other != host);
        let (outward, inward) = match self.dice.below(4) {
            0 => (true, false),
            1 => (false, true),
            _ => (true, true),
        };
        Act::Cut {
            others,
            outward,
            inward,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_make_equal_scripts_and_others_do_not() {
        let script = |seed| format!("{:?}", Script::new(seed));
        assert_eq!(script(7), script(7));
        assert_ne!(script(7), script(9));
    }

    #[test]
    fn scripts_touch_any_number_of_hosts_in_every_way_and_none_twice() {
        let scripts: Vec<Script> = (0..400).map(Script::new).collect();
        for n in SIZES {
            let of_size = scripts.iter().filter(|script| script.numbers.len() == n);
            let mut counts: Vec<usize> = of_size.map(|script| script.victims.len()).collect();
            counts.sort_unstable();
            counts.dedup();
            assert_eq!(counts, (0..=n).collect::<Vec<_>>());
        }
        for script in &scripts {
            let mut touched = script.touched();
            touched.sort_unstable();
            touched.dedup();
            assert_eq!(touched.len(), script.victims.len());
        }
        let victims = scripts.iter().flat_map(|script| &script.victims);
        let acts: Vec<&Act> = victims
            .flat_map(|victim| victim.blows.iter().map(|blow| &blow.act))
            .collect();
        for act in [
            Act::KillDaemon,
            Act::KillCard,
            Act::StopDaemon,
            Act::StopProgram,
            Act::KillProgram,
        ] {
            assert!(acts.contains(&&act), "{act:?}");
        }
        for ways in [(true, false), (false, true), (true, true)] {
            let cuts = |act: &&&Act| matches!(act, Act::Cut { outward, inward, .. } if (*outward, *inward) == ways);
            assert!(acts.iter().any(|act| cuts(&act)), "{ways:?}");
        }
    }
}
