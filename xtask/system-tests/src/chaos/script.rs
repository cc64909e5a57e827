//! What happens in one run, all of it from one seed.

use std::time::Duration;

use libetp::Mtype;

use crate::dice::Dice;

/// Most exchanges of one run.
const TRADES_MAX: usize = 3;
/// Vouchers that each side has to trade with.
pub(super) const VOUCHERS: usize = TRADES_MAX;
/// Most blows of one run.
const BLOWS_MAX: usize = 4;
/// Most messages that a host's trace shows between a blow and the next.
const TRACED_MAX: usize = 24;
/// Most messages that an owner receives between a blow and the next.
const ANSWERS_MAX: usize = 10;
/// Longest time between the event and the blow, in microseconds: about what two messages take.
const SPREAD_US_MAX: usize = 4_000;
/// Longest time that a host stays down, in milliseconds.
const DOWN_MS_MAX: usize = 120;
/// Messages of an exchange, which hosts a and b see.
const EXCHANGE_STEPS: [Mtype; 6] = [
    Mtype::OFFER,
    Mtype::ACCEPT,
    Mtype::AGREEMENT,
    Mtype::CONFIRMATION,
    Mtype::COMMITMENT,
    Mtype::EXCHANGE_RESULT,
];
/// Those that both hosts see in every exchange, whoever offers.
const SURE_STEPS: [Mtype; 4] = [
    Mtype::OFFER,
    Mtype::AGREEMENT,
    Mtype::CONFIRMATION,
    Mtype::COMMITMENT,
];
/// Messages that a host's trace shows in every run.
const SURE_MAX: usize = 12;
/// Messages of a dispute, which host t sees, too.
const DISPUTE_STEPS: [Mtype; 3] = [Mtype::RESOLVE_REQUEST, Mtype::ABORT_REQUEST, Mtype::OUTCOME];
/// In percent, how many steps at hosts a and b are those of a dispute.
const DISPUTES: usize = 15;
/// In percent, how many cards have a process of their own.
const SERVED: usize = 50;
/// So many neighbouring seeds agree on that.
const RUNS_ALIKE: u64 = 20;
/// The stream of choices about that.
const HOMES: u64 = 3;
/// How often an owner looks at most before it disputes.
const LOOKS_MAX: usize = 12;

/// One of the two that trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Host a.
    A = 0,
    /// Host b.
    B = 1,
}

impl Side {
    /// Its choices in a run: apart from the script's, and from the other side's.
    pub(super) fn dice(self, seed: u64) -> Dice {
        Dice::new(seed, 1 + self as u64)
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// One of the three hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Host a.
    A = 0,
    /// Host b.
    B = 1,
    /// The third party's host.
    T = 2,
}

/// Every host.
pub(super) const PLACES: [Place; 3] = [Place::A, Place::B, Place::T];

/// An exchange that one side offers, of the vouchers with that number at either side.
#[derive(Clone, Copy, Debug)]
pub struct Trade {
    /// Who offers.
    pub by: Side,
    /// Which of its vouchers, and which of the other side's, in order of vid.
    pub number: usize,
}

/// How an owner behaves.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// It disputes an exchange that it saw unfinished this many times in a row.
    pub looks: usize,
    /// It takes an offer back that it saw unanswered this many times in a row.
    pub offer_looks: usize,
    /// In percent, how often it orders `accept` once more where it could abort.
    pub accepts_again: usize,
}

/// The event before a blow.
#[derive(Clone, Copy, Debug)]
pub enum After {
    /// The trace of that host shows so many more messages.
    Traced(Place, usize),
    /// The trace of that host shows a message of that type.
    Step(Place, Mtype),
    /// That owner received so many more messages.
    Answers(Side, usize),
}

/// Where a card lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// In the daemon.
    Daemon,
    /// In a process of its own.
    Process,
    /// In a reader of the one `pcscd` that there is.
    Reader,
}

/// What can be killed at a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `pcscd`, for all hosts.
    Service,
    /// The card's own process. A card in a reader is pulled with it.
    Card,
    /// The process that leads to the card's reader.
    Proxy,
    /// The daemon, and with it a card that lives in there.
    Daemon,
}

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Victim {
    /// Where.
    pub place: Place,
    /// What.
    pub part: Part,
}

/// `kill -9` of some processes, and their return.
#[derive(Clone, Debug)]
pub struct Blow {
    /// Never empty.
    pub victims: Vec<Victim>,
    /// What it follows, counted from the blow before.
    pub after: After,
    /// How long after that.
    pub spread: Duration,
    /// How long they stay down.
    pub down: Duration,
}

/// Everything that chance decides in one run.
#[derive(Clone, Debug)]
pub struct Script {
    /// Equal seeds make equal scripts.
    pub seed: u64,
    /// Where the cards live, in order of [`Place`]. Neighbouring seeds agree, so that hosts are not made over
    /// for every run.
    pub homes: [Home; 3],
    /// What is offered.
    pub trades: Vec<Trade>,
    /// How the owners of a and b behave.
    pub manners: [Manner; 2],
    /// In order.
    pub blows: Vec<Blow>,
}

impl Script {
    /// The script of a seed, with cards in daemons and in processes of their own.
    pub fn new(seed: u64) -> Self {
        let mut homes = Dice::new(seed / RUNS_ALIKE, HOMES);
        let homes = PLACES.map(|_| match homes.chance(SERVED) {
            true => Home::Process,
            false => Home::Daemon,
        });
        Self::with_homes(seed, homes)
    }

    /// The script of a seed, with the cards of hosts a and b in readers.
    pub fn in_readers(seed: u64) -> Self {
        Self::with_homes(seed, [Home::Reader, Home::Reader, Home::Daemon])
    }

    fn with_homes(seed: u64, homes: [Home; 3]) -> Self {
        let mut dice = Writer(Dice::new(seed, 0), homes);
        let trades = (0..=dice.0.below(TRADES_MAX)).map(|number| Trade {
            by: dice.side(),
            number,
        });
        let trades = trades.collect();
        let manners = [dice.manner(), dice.manner()];
        let blows = (0..=dice.0.below(BLOWS_MAX)).map(|place| dice.blow(place == 0));
        let blows = blows.collect();
        Self {
            seed,
            homes,
            trades,
            manners,
            blows,
        }
    }
}

/// Chooses what scripts are made of.
struct Writer(Dice, [Home; 3]);

impl Writer {
    fn side(&mut self) -> Side {
        match self.0.chance(50) {
            true => Side::A,
            false => Side::B,
        }
    }

    fn place(&mut self) -> Place {
        PLACES[self.0.below(PLACES.len())]
    }

    fn victims(&mut self, place: Place) -> Vec<Victim> {
        use Part::{Card, Daemon, Proxy, Service};
        let parts: &[Part] = match (self.1[place as usize], self.0.below(10)) {
            (Home::Daemon, _) | (Home::Process, 0..4) | (Home::Reader, 0..2) => &[Daemon],
            (Home::Process, 4..8) | (Home::Reader, 2..5) => &[Card],
            (Home::Process, _) => &[Card, Daemon],
            (Home::Reader, 5..7) => &[Proxy],
            (Home::Reader, 7..9) => &[Service],
            (Home::Reader, _) => &[Service, Card, Proxy, Daemon],
        };
        let victim = |part: &Part| Victim { place, part: *part };
        parts.iter().map(victim).collect()
    }

    fn manner(&mut self) -> Manner {
        Manner {
            looks: self.0.below(LOOKS_MAX),
            offer_looks: LOOKS_MAX + self.0.below(8 * LOOKS_MAX),
            accepts_again: self.0.below(100),
        }
    }

    fn sure_event(&mut self) -> After {
        let place = match self.side() {
            Side::A => Place::A,
            Side::B => Place::B,
        };
        match self.0.chance(70) {
            true => After::Step(place, SURE_STEPS[self.0.below(SURE_STEPS.len())]),
            false => After::Traced(place, 1 + self.0.below(SURE_MAX)),
        }
    }

    fn event(&mut self) -> After {
        match self.0.below(10) {
            0..6 => self.step(),
            6..8 => After::Traced(self.place(), 1 + self.0.below(TRACED_MAX)),
            _ => After::Answers(self.side(), 1 + self.0.below(ANSWERS_MAX)),
        }
    }

    fn step(&mut self) -> After {
        let place = self.place();
        let dispute = place == Place::T || self.0.chance(DISPUTES);
        let steps: &[Mtype] = match dispute {
            true => &DISPUTE_STEPS,
            false => &EXCHANGE_STEPS,
        };
        After::Step(place, steps[self.0.below(steps.len())])
    }

    /// The first blow of a run follows what happens in every run.
    fn blow(&mut self, is_first: bool) -> Blow {
        let first = self.place();
        let mut places = vec![first];
        if self.0.chance(20) {
            let others = PLACES.iter().filter(|place| **place != first);
            places.extend(others.filter(|_| self.0.chance(60)));
        }
        Blow {
            victims: places
                .into_iter()
                .flat_map(|place| self.victims(place))
                .collect(),
            after: match is_first {
                true => self.sure_event(),
                false => self.event(),
            },
            spread: Duration::from_micros(self.0.below(SPREAD_US_MAX) as u64),
            down: Duration::from_millis(self.0.below(DOWN_MS_MAX) as u64),
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
        assert_ne!(script(7), script(8));
    }

    #[test]
    fn scripts_kill_every_host_at_every_kind_of_event() {
        let blows = |script: fn(u64) -> Script| -> Vec<Blow> {
            (0..100).flat_map(|seed| script(seed).blows).collect()
        };
        let alone = |blows: &[Blow], place, parts: &[Part]| {
            let victims: Vec<_> = parts
                .iter()
                .map(|part| Victim { place, part: *part })
                .collect();
            let alone = blows.iter().any(|blow| blow.victims == victims);
            assert!(alone, "{victims:?}");
        };
        use Part::{Card, Daemon, Proxy, Service};
        let in_readers = blows(Script::in_readers);
        for place in [Place::A, Place::B] {
            for part in [Service, Card, Proxy, Daemon] {
                alone(&in_readers, place, &[part]);
            }
        }
        let blows = blows(Script::new);
        for place in PLACES {
            for parts in [&[Daemon][..], &[Card], &[Card, Daemon]] {
                alone(&blows, place, parts);
            }
        }
        assert!(blows.iter().any(|blow| blow.victims.len() >= 3));
        let any = |kind: fn(&After) -> bool| blows.iter().any(|blow| kind(&blow.after));
        assert!(any(|after| matches!(after, After::Answers(..))));
        assert!(any(|after| matches!(after, After::Traced(..))));
        assert!(any(|after| matches!(
            after,
            After::Step(Place::T, Mtype::OUTCOME)
        )));
    }
}
