//! Many sessions, in a few deployments side by side.

use std::sync::atomic::{AtomicBool, Ordering};

use super::arena::Arena;
use super::script::{SIZES, Script};
use super::tally::Tally;
use crate::binaries::Binaries;
use crate::lanes;
use crate::program::Failure;

/// Sessions that share a deployment; then a fresh one is made.
const SESSIONS_PER_DEPLOYMENT: usize = 100;
/// Of so many sessions one may stay undecided.
const DECIDED_OF: u64 = 10;

/// Plays the sessions of the seeds from `first` on, in `arenas` deployments of each size at a time.
///
/// # Errors
/// The [`Failure`] of the first session that fails. The other deployments end with their current sessions. Also if so
/// many sessions stay undecided that the campaign says nothing.
pub fn campaign(
    binaries: &Binaries,
    first: u64,
    sessions: u64,
    arenas: usize,
) -> Result<Tally, Failure> {
    let seeds = first..first + sessions;
    let of_size = |n: usize| seeds.clone().filter(move |seed| Script::size(*seed) == n);
    let lanes: Vec<Vec<u64>> = SIZES
        .iter()
        .flat_map(|n| lanes::deal(of_size(*n), arenas))
        .filter(|lane| !lane.is_empty())
        .collect();
    let results = lanes::side_by_side(&lanes, |seeds, failed| play(binaries, seeds, failed));
    let tally = results.into_iter().sum::<Result<Tally, Failure>>()?;
    match tally.undecided as u64 * DECIDED_OF <= sessions {
        true => Ok(tally),
        false => Err(Failure::new(format!(
            "the machine is too busy for this: hosts looked slow that nobody touched: {tally:#?}"
        ))),
    }
}

/// One deployment after the other, each of the same size.
fn play(binaries: &Binaries, seeds: &[u64], failed: &AtomicBool) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for batch in seeds.chunks(SESSIONS_PER_DEPLOYMENT) {
        let mut arena = Arena::prepare(binaries, Script::size(batch[0]))?;
        for seed in batch {
            if failed.load(Ordering::Relaxed) {
                break;
            }
            arena = arena.play(&Script::new(*seed))?;
        }
        arena = arena.play(&Script::peaceful(batch[batch.len() - 1]))?;
        tally = tally + arena.tally();
        println!("{} sessions from seed {}: {tally:?}", batch.len(), batch[0]);
    }
    Ok(tally)
}
