//! Where every run begins: three cards, each with vouchers that were issued to it.

use libetp::Message;
use libetp::params::voucher::{IssueBegin, Vid};

use crate::checker::Violation;
use crate::chip::LostWrite;
use crate::faithful;
use crate::hostile;
use crate::outcome::{Adversary, Facts, Failure};
use crate::party::Manner;
use crate::room::{Room, RunError, Start};
use crate::world::{Blank, World, WorldError};

/// Cards of a run.
pub const CARDS: usize = 3;
/// Vouchers that each card holds when a run begins.
const VOUCHERS_EACH: usize = 2;

/// Cards with vouchers, and what was sent to get them there.
pub struct Setting {
    world: World,
    blanks: Vec<Blank>,
    third_party: Blank,
    history: Vec<Message>,
    issued: Vec<Vid>,
    lost: &'static [LostWrite],
}

/// Why there is no setting.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// Keys and certificates.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Issuing the vouchers.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl Setting {
    /// Cards as they are; the vouchers come through their wallets.
    ///
    /// # Errors
    /// [`SettingError`] if that fails.
    pub fn new() -> Result<Self, SettingError> {
        Self::with_lost_writes(&[])
    }

    /// Broken cards that lose these writes, to show that a rule is seen broken.
    ///
    /// # Errors
    /// [`SettingError`] if they cannot even be issued their vouchers.
    pub fn with_lost_writes(lost: &'static [LostWrite]) -> Result<Self, SettingError> {
        let world = World::new("voucher")?;
        let blanks = (0..CARDS)
            .map(|at| world.card(&format!("card {at}"), 0))
            .collect::<Result<_, _>>()?;
        let mut setting = Self {
            third_party: world.third_party_card("card of the third party")?,
            world,
            blanks,
            history: Vec::new(),
            issued: Vec::new(),
            lost,
        };
        setting.stock()?;
        Ok(setting)
    }

    /// One run.
    ///
    /// # Errors
    /// [`Failure`] if a rule was broken.
    pub fn run(&self, adversary: Adversary, seed: u64) -> Result<Facts, Failure> {
        let facts = match adversary {
            Adversary::None => self.room(Manner::OBLIGING, seed).and_then(faithful::run),
            Adversary::Random => self.run_hostile(&hostile::RANDOM, seed),
            Adversary::Replay => self.run_hostile(&hostile::REPLAY, seed),
        };
        facts.map_err(|error| Failure {
            seed,
            adversary,
            error,
        })
    }

    fn run_hostile(&self, moves: &hostile::Moves, seed: u64) -> Result<Facts, RunError> {
        let room = self.room(Manner::ERRATIC, seed)?;
        hostile::run(room, moves)
    }

    fn room(&self, manner: Manner, seed: u64) -> Result<Room<'_>, RunError> {
        let start = Start {
            blanks: &self.blanks,
            third_party: &self.third_party,
            history: &self.history,
            issued: &self.issued,
            lost: self.lost,
        };
        Room::new(&self.world, &start, manner, seed)
    }

    fn stock(&mut self) -> Result<(), RunError> {
        let mut room = self.room(Manner::OBLIGING, 0)?;
        for at in 0..CARDS {
            for _ in 0..VOUCHERS_EACH {
                room.parties[at].wallet.order(&IssueBegin {});
            }
            room.poll(at);
        }
        room.drain()?;
        let held = (0..CARDS).flat_map(|at| room.checker.card(at).held.clone());
        let issued: Vec<Vid> = held.collect();
        if issued.len() != CARDS * VOUCHERS_EACH {
            let what = format!("{} vouchers were issued", issued.len());
            return Err(Violation::Stuck(what).into());
        }
        let memories: Vec<_> = (0..CARDS).map(|at| room.memory(at)).collect();
        let history = room.network.history().to_vec();
        for (blank, memory) in self.blanks.iter_mut().zip(memories) {
            blank.memory = memory;
        }
        self.issued = issued;
        self.history = history;
        Ok(())
    }
}
