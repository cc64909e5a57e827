//! `kill -9` of daemons, cards and the third party while vouchers change hands.
//!
//! `TENET_CHAOS_RUNS` sets the number of runs, `TENET_CHAOS_SEED` the first seed. A run that fails
//! names its seed and where its logs are.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use system_tests::Binaries;
use system_tests::chaos::{self, Tally};

/// Runs of the ordinary test.
const RUNS: u64 = 100;
/// First seed of the ordinary test.
const SEED: u64 = 1;
/// Deployments side by side; each has three daemons, which mostly wait.
const ARENAS: u64 = 2;

#[test]
fn killed_daemons_lose_no_voucher_and_leave_nobody_waiting() {
    let first = chaos::number_from("TENET_CHAOS_SEED", SEED);
    let runs = chaos::number_from("TENET_CHAOS_RUNS", RUNS);
    let binaries = Binaries::beside_this_program().unwrap();
    let tally: Tally = chaos::campaign(&binaries, first, runs, ARENAS)
        .unwrap_or_else(|failure| panic!("{failure}"));
    println!("{tally:#?}");
    assert_eq!(tally.runs as u64, runs);
    assert!(tally.kills.sum() as u64 >= runs / 2, "{tally:?}");
    let killed = tally.kills.daemons.into_iter().chain(tally.kills.cards);
    let mut seen = killed.chain([tally.completed, tally.resolved, tally.aborted]);
    // Of few runs some see no dispute.
    assert!(runs < RUNS || seen.all(|count| count > 0), "{tally:?}");
}
