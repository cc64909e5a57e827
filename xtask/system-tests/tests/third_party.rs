//! The third party under crash and replay: never two signed outcomes for one exchange.
//!
//! `TENET_CHAOS_SEED` sets the seed.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use system_tests::{Binaries, besiege, chaos};

#[test]
fn a_killed_third_party_never_signs_two_outcomes_for_one_exchange() {
    let seed = chaos::number_from("TENET_CHAOS_SEED", 1);
    let binaries = Binaries::beside_this_program().unwrap();
    let siege = besiege(binaries, seed).unwrap_or_else(|failure| panic!("{failure}"));
    println!(
        "{} exchanges, {} outcomes, {} kills",
        siege.quarrels, siege.outcomes, siege.kills
    );
    assert_eq!(siege.signed.len(), siege.quarrels, "seed {seed}");
    for (xid, outcomes) in &siege.signed {
        assert_eq!(outcomes.len(), 1, "seed {seed}: {xid:02x?} {outcomes:?}");
    }
    assert!(siege.outcomes > 2 * siege.quarrels, "nothing was replayed");
    let kinds: std::collections::BTreeSet<_> = siege.signed.values().flatten().collect();
    assert_eq!(kinds.len(), 2, "one kind of outcome only: {kinds:?}");
}
