//! Chance, all of it from one seed, for each message its own.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::MEMBERS_MAX;

/// The stream of choices about all of a session; that of a round has its number.
const SESSION: u64 = u64::MAX;

/// Numbers of a seed.
#[derive(Clone, Debug)]
pub(crate) struct Draws {
    seed: u64,
    n: usize,
    /// Of which round there are numbers.
    round: Option<u32>,
    numbers: Vec<u32>,
}

impl Draws {
    /// For messages among `n` members.
    pub(crate) fn new(seed: u64, n: usize) -> Self {
        let n = n.min(MEMBERS_MAX);
        Self {
            seed,
            n,
            round: None,
            numbers: vec![0; n * n],
        }
    }

    /// Choices about all of the session, in order.
    pub(crate) fn of_session(seed: u64) -> impl FnMut(usize) -> usize {
        let mut random = stream(seed, SESSION);
        move |below| (random.next_u64() % below.max(1) as u64) as usize
    }

    /// The number of a message between two of the members, whatever was asked before.
    pub(crate) fn of(&mut self, round: u32, from: usize, to: usize) -> u32 {
        if self.round != Some(round) {
            let mut random = stream(self.seed, round.into());
            self.numbers.fill_with(|| random.next_u32());
            self.round = Some(round);
        }
        self.numbers.get(from * self.n + to).copied().unwrap_or(0)
    }
}

fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}
