//! `kill -9` of daemons, card proxies, cards and `pcscd` while cards in readers exchange vouchers.
//!
//! `TENET_CHAOS_RUNS` sets the number of runs, `TENET_CHAOS_SEED` the first seed. A run that fails names its seed and
//! where its logs are.

use system_tests::Binaries;
use system_tests::chaos::{self, Tally};

/// Runs of the ordinary test.
const RUNS: u64 = 16;
/// First seed of the ordinary test.
const SEED: u64 = 1;
/// Deployments side by side.
const ARENAS: u64 = 2;

#[test]
fn whatever_is_killed_between_owners_and_cards_no_voucher_is_lost_or_there_twice() {
    let first = chaos::number_from("TENET_CHAOS_SEED", SEED);
    let runs = chaos::number_from("TENET_CHAOS_RUNS", RUNS);
    let binaries = Binaries::beside_this_program().unwrap();
    let tally: Tally = chaos::campaign_in_readers(&binaries, first, runs, ARENAS)
        .unwrap_or_else(|failure| panic!("{failure}"));
    println!("{tally:#?}");
    assert_eq!(tally.runs as u64, runs);
    let kills = tally.kills;
    let parts = [kills.daemons, kills.cards, kills.proxies, kills.services];
    let mut sums = parts.iter().map(|part| part.iter().sum::<usize>());
    assert!(runs < RUNS || sums.all(|sum| sum > 0), "{tally:?}");
    assert!(runs < RUNS || tally.completed > 0, "{tally:?}");
}
