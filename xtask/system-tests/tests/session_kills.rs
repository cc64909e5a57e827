//! Sessions among real daemons of which some are killed, stand still or lose their links in the middle.
//!
//! `TENET_SESSIONS` sets the number of sessions, `TENET_SESSIONS_SEED` the first seed. A session that fails names its
//! seed and where its logs are.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use system_tests::Binaries;
use system_tests::chaos::number_from;
use system_tests::session_kills::campaign;

/// Sessions of the ordinary test.
const SESSIONS: u64 = 50;
/// First seed of the ordinary test.
const SEED: u64 = 1;
/// Deployments of each size side by side; they mostly wait.
const ARENAS: usize = 3;

#[test]
fn whatever_happens_to_some_hosts_all_others_compute_the_same() {
    let first = number_from("TENET_SESSIONS_SEED", SEED);
    let sessions = number_from("TENET_SESSIONS", SESSIONS);
    let binaries = Binaries::beside_this_program().unwrap();
    let tally =
        campaign(&binaries, first, sessions, ARENAS).unwrap_or_else(|failure| panic!("{failure}"));
    println!("{tally:#?}");
    let decided = (tally.sessions + tally.undecided) as u64;
    assert!(decided >= sessions, "{tally:?}");
    let mut seen = tally.blows.each().into_iter();
    let of_all = [tally.beyond, tally.sums, tally.partial, tally.halted];
    // Of few sessions some see less.
    let is_all_seen = seen.all(|count| count > 0) && of_all.iter().all(|count| *count > 0);
    assert!(sessions < SESSIONS || is_all_seen, "{tally:?}");
}
