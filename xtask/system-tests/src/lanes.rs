//! Many runs, a few at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::program::Failure;

/// Plays each lane's seeds, all lanes side by side; what each came to. The flag tells `play` to stop: a lane failed.
pub(crate) fn side_by_side<T: Send>(
    lanes: &[Vec<u64>],
    play: impl Fn(&[u64], &AtomicBool) -> Result<T, Failure> + Sync,
) -> Vec<Result<T, Failure>> {
    let failed = AtomicBool::new(false);
    thread::scope(|scope| {
        let lanes = lanes.iter().map(|seeds| {
            let (failed, play) = (&failed, &play);
            scope.spawn(move || {
                let result = play(seeds, failed);
                failed.fetch_or(result.is_err(), Ordering::Relaxed);
                result
            })
        });
        let lanes: Vec<_> = lanes.collect();
        let panicked = || Err(Failure::new("a deployment's thread panicked"));
        let joined = lanes.into_iter().map(|lane| lane.join());
        joined
            .map(|lane| lane.unwrap_or_else(|_| panicked()))
            .collect()
    })
}

/// Those seeds dealt out to so many lanes.
pub(crate) fn deal(seeds: impl Iterator<Item = u64> + Clone, lanes: usize) -> Vec<Vec<u64>> {
    let lane = |at| seeds.clone().skip(at).step_by(lanes).collect();
    (0..lanes).map(lane).collect()
}
