//! The voucher protocol under interleavings, faults and power cuts; and proof that the checker can
//! fail. `SIMULATOR_SEED` sets the first seed, `SIMULATOR_RUNS` the number of runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use libetp::Mtype;
use simulator::checker::Violation;
use simulator::chip::LostWrite;
use simulator::outcome::{Adversary, Facts, Failure};
use simulator::room::RunError;
use simulator::setting::Setting;

/// Runs of each kind in the ordinary run.
const RUNS: u64 = 1_000;
/// Runs with the adversary that only replays: it finds less than the one that does everything.
const REPLAY_RUNS: u64 = 200;

fn from_environment(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
        Err(_) => otherwise,
    }
}

/// Runs from one seed on; `skipped` parts the seeds among tests that run side by side.
fn run_all(
    setting: &Setting,
    adversary: Adversary,
    skipped: u64,
    runs: u64,
) -> Result<Facts, Failure> {
    let first = from_environment("SIMULATOR_SEED", 1) + skipped;
    let mut totals = Facts::default();
    for seed in first..first + from_environment("SIMULATOR_RUNS", runs) {
        totals.add(&setting.run(adversary, seed)?);
    }
    Ok(totals)
}

#[track_caller]
fn all_hold(adversary: Adversary, skipped: u64, runs: u64) -> Facts {
    let setting = Setting::new().unwrap();
    let totals = run_all(&setting, adversary, skipped, runs);
    let totals = totals.unwrap_or_else(|failure| panic!("{failure}"));
    println!("{adversary:?}: {totals:?}");
    totals
}

/// Exchanges ended in each of the three ways.
fn every_end_is_seen(totals: &Facts) {
    assert!(
        totals.exchanges > 0 && totals.resolved > 0 && totals.aborted > 0,
        "{totals:?}"
    );
}

#[test]
fn without_loss_every_exchange_completes_in_five_apdus() {
    let totals = all_hold(Adversary::None, 0, RUNS);
    assert!(totals.exchanges >= from_environment("SIMULATOR_RUNS", RUNS));
    assert_eq!(totals.exchange_apdus, 5 * totals.exchanges);
}

#[test]
fn with_faults_vouchers_are_conserved_and_exchanges_fair() {
    every_end_is_seen(&all_hold(Adversary::Random, 0, RUNS / 2));
}

#[test]
fn with_faults_vouchers_are_conserved_and_exchanges_fair_from_other_seeds() {
    every_end_is_seen(&all_hold(Adversary::Random, RUNS / 2, RUNS / 2));
}

#[test]
fn with_replay_of_everything_vouchers_are_conserved() {
    every_end_is_seen(&all_hold(Adversary::Replay, 0, REPLAY_RUNS));
}

#[test]
fn a_seed_says_everything() {
    let (one, other) = (Setting::new().unwrap(), Setting::new().unwrap());
    for adversary in Adversary::ALL {
        let facts = |setting: &Setting| setting.run(adversary, 7).unwrap();
        assert_eq!(facts(&one), facts(&one));
        assert_eq!(facts(&one), facts(&other));
    }
    assert_ne!(one.run(Adversary::Random, 7), one.run(Adversary::Random, 8));
}

/// Runs broken cards until a rule is seen broken.
#[track_caller]
fn is_caught(lost: &'static [LostWrite], adversary: Adversary) -> RunError {
    let setting = Setting::with_lost_writes(lost).unwrap();
    let mut failures = (1..=RUNS).filter_map(|seed| setting.run(adversary, seed).err());
    let failure = failures.next().expect("the broken card was not caught");
    assert!(
        failure
            .to_string()
            .contains(&format!("--seed {}", failure.seed))
    );
    println!("{failure}");
    let again = setting.run(adversary, failure.seed).unwrap_err();
    assert_eq!(again, failure, "the seed does not lead there again");
    failure.error
}

macro_rules! broken {
    ($($(#[$meta:meta])* $name:ident: $mtype:ident loses $kinds:literal, $adversary:ident, $violation:pat,)*) => {$(
        $(#[$meta])*
        #[test]
        fn $name() {
            const LOST: &[LostWrite] = &[LostWrite { during: Mtype::$mtype, kinds: $kinds }];
            let error = is_caught(LOST, Adversary::$adversary);
            assert!(matches!(error, RunError::Violation($violation)), "{error:?}");
        }
    )*};
}

broken! {
    /// m2: m3 is sent, nothing is written, as if the power failed between send and write.
    m3_before_the_write: AGREEMENT loses b"voxgw", None, Violation::Copied(_),
    /// m2: the record is written, v1 stays.
    v1_is_not_deleted: AGREEMENT loses b"v", Random, Violation::Unfair | Violation::Copied(_),
    /// m2: v1 is deleted, the record is missing: "delete, then insert" in two writes.
    v1_without_a_record: AGREEMENT loses b"xgw", None, Violation::Lost,
    /// accept: v2 stays; so the same m1, or another, is agreed to again.
    v2_is_not_deleted: ACCEPT loses b"v", Random, Violation::Unfair | Violation::Copied(_),
    /// accept: m2 is sent, v2 is deleted, the record is missing.
    v2_without_a_record: ACCEPT loses b"xgw", None, Violation::Lost,
    /// m3: v1 is stored, the record stays in WAIT, ready for an abort after commit.
    commit_stays_in_wait: CONFIRMATION loses b"xgwd", Random, Violation::Unfair | Violation::Copied(_),
    /// m3: m4 is sent, v1 is not stored.
    commit_without_v1: CONFIRMATION loses b"v", None, Violation::Lost,
    /// m3: nothing to repeat m4 with.
    m4_is_not_repeated: CONFIRMATION loses b"d", Random,
        Violation::Copied(_) | Violation::Disagreement | Violation::Stuck(_),
    /// m4: the record goes, v2 is not stored.
    complete_without_v2: COMMITMENT loses b"v", None, Violation::Lost,
    /// m4: v2 is stored, the record stays.
    complete_stays_in_wait: COMMITMENT loses b"xgw", None, Violation::Unfair | Violation::Copied(_),
    /// ISSUE: the challenge stays open, so the same ISSUE is taken again after the voucher left.
    issue_twice: ISSUE loses b"c", Replay, Violation::Copied(_) | Violation::Returned,
    /// redeem: the voucher stays.
    redeem_keeps_the_voucher: REDEEM loses b"v", Random, Violation::Returned,
    /// outcome: the record goes, no voucher is stored.
    outcome_without_a_voucher: OUTCOME loses b"v", Random, Violation::Lost,
    /// outcome: a voucher is stored, the record stays.
    outcome_keeps_the_record: OUTCOME loses b"xgw", Random, Violation::Unfair | Violation::Copied(_),
}
