//! Many runs, in a few deployments side by side.

use std::sync::atomic::{AtomicBool, Ordering};

use super::arena::Arena;
use super::tally::Tally;
use crate::binaries::Binaries;
use crate::lanes;
use crate::program::Failure;

/// Runs that share a deployment; then a fresh one is made.
const RUNS_PER_DEPLOYMENT: u64 = 100;

/// Plays the runs of the seeds from `first` on, in `arenas` deployments at a time.
///
/// # Errors
/// The [`Failure`] of the first run that fails. The other deployments end with their current runs.
pub fn campaign(binaries: &Binaries, first: u64, runs: u64, arenas: u64) -> Result<Tally, Failure> {
    side_by_side(|| Arena::prepare(binaries.clone()), first, runs, arenas)
}

/// The same, with cards in readers.
///
/// # Errors
/// As [`campaign`].
pub fn campaign_in_readers(
    binaries: &Binaries,
    first: u64,
    runs: u64,
    arenas: u64,
) -> Result<Tally, Failure> {
    let prepare = || Arena::prepare_in_readers(binaries.clone());
    side_by_side(prepare, first, runs, arenas)
}

fn side_by_side(
    prepare: impl Fn() -> Result<Arena, Failure> + Sync,
    first: u64,
    runs: u64,
    arenas: u64,
) -> Result<Tally, Failure> {
    let lanes = lanes::deal(first..first + runs, arenas as usize);
    let results = lanes::side_by_side(&lanes, |seeds, failed| play(&prepare, seeds, failed));
    results.into_iter().sum()
}

/// One deployment after the other; each tells what came of it.
fn play(
    prepare: &impl Fn() -> Result<Arena, Failure>,
    seeds: &[u64],
    failed: &AtomicBool,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for batch in seeds.chunks(RUNS_PER_DEPLOYMENT as usize) {
        let mut arena = prepare()?;
        for seed in batch {
            if failed.load(Ordering::Relaxed) {
                break;
            }
            arena = arena.run(*seed)?;
        }
        arena.ask_again()?;
        tally = tally + arena.tally();
        println!(
            "seeds {}..={}: {:?}",
            seeds[0],
            batch[batch.len() - 1],
            arena.tally()
        );
    }
    Ok(tally)
}

/// A number from the environment, such as a seed.
///
/// # Panics
/// If what is there is no number.
pub fn number_from(variable: &str, otherwise: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}")),
        Err(_) => otherwise,
    }
}
