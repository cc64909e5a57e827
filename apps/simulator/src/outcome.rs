//! What a run is, and what came of it.

use libetp::Mtype;
use libetp::params::voucher::Outcome;
use serde::Serialize;

use crate::host::Carried;
use crate::room::{Room, RunError};

/// The message types of an exchange: each is carried to a card by one APDU.
pub const EXCHANGE_TYPES: [Mtype; 5] = [
    Mtype::START_EXCHANGE,
    Mtype::ACCEPT,
    Mtype::AGREEMENT,
    Mtype::CONFIRMATION,
    Mtype::COMMITMENT,
];

/// What is between the cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Adversary {
    /// Nothing is lost; flows interleave at random.
    None,
    /// Drops, duplicates, delays, reorders, alters, replays, cuts the power.
    Random,
    /// Loses little, and replays everything again and again.
    Replay,
}

impl Adversary {
    /// Every adversary.
    pub const ALL: [Self; 3] = [Self::None, Self::Random, Self::Replay];

    /// The name in arguments and output.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Random => "random",
            Self::Replay => "replay",
        }
    }
}

/// What happened in a run, or in many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Messages delivered.
    pub deliveries: u64,
    /// Exchanges that committed.
    pub exchanges: u64,
    /// Exchanges that the third party resolved.
    pub resolved: u64,
    /// Exchanges that it aborted.
    pub aborted: u64,
    /// APDUs on all links of cards.
    pub apdus: u64,
    /// Of these, such that carry a message of an exchange.
    pub exchange_apdus: u64,
    /// Of these, SELECTs: one for each power-up and one more for each recovery.
    pub selects: u64,
}

impl Facts {
    /// What a room shows at the end of a run.
    pub fn of(room: &Room<'_>, deliveries: usize) -> Self {
        let sum = |wanted: &dyn Fn(&Carried) -> bool| {
            let counted = room.hosts.iter().flat_map(|host| host.apdus());
            let counted = counted.filter(|(carried, _)| wanted(carried));
            counted.map(|(_, count)| count).sum()
        };
        let decided = |outcome: Outcome| {
            let decided = room.checker.decided().values();
            decided.filter(|byte| **byte == outcome as u8).count() as u64
        };
        let in_exchange = |carried: &Carried| match carried {
            Carried::Message(mtype) => EXCHANGE_TYPES.contains(mtype),
            Carried::Select | Carried::Nothing => false,
        };
        Self {
            deliveries: deliveries as u64,
            exchanges: room.checker.committed() as u64,
            resolved: decided(Outcome::Resolved),
            aborted: decided(Outcome::Aborted),
            apdus: sum(&|_| true),
            exchange_apdus: sum(&in_exchange),
            selects: sum(&|carried| *carried == Carried::Select),
        }
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        self.deliveries += other.deliveries;
        self.exchanges += other.exchanges;
        self.resolved += other.resolved;
        self.aborted += other.aborted;
        self.apdus += other.apdus;
        self.exchange_apdus += other.exchange_apdus;
        self.selects += other.selects;
    }
}

/// A run that failed, and how to see it again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "seed {seed}: {error}\nagain with: simulator run --protocol voucher --adversary {} \
     --runs 1 --seed {seed}",
    adversary.name()
)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The adversary.
    pub adversary: Adversary,
    /// What went wrong.
    pub error: RunError,
}
