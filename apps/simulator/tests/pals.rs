//! Sessions of TrustedPals in the simulator: what holds, and that what does not hold is found.

use oncard_trustedpals::exchange::Release;
use oncard_trustedpals::uic::{Config, Mode, Rules};
use simulator::pals::exchange::{Attack as Cut, FairExchange};
use simulator::pals::smc::Computation;
use simulator::pals::uic::Agreement;
use simulator::pals::{Attack, Session, Tally, Trace};

const ATTACKS: [Attack; 4] = [Attack::None, Attack::Random, Attack::Chain, Attack::OneWay];

/// How runs end, or what the first wrong one did.
fn tally(session: &impl Session, runs: u64) -> Result<Tally, String> {
    let mut tally = Tally::default();
    for seed in 1..=runs {
        let ending = session.run(seed, &mut Trace::default());
        tally.add(ending.map_err(|error| format!("seed {seed}: {error}"))?);
    }
    Ok(tally)
}

#[track_caller]
fn holds(session: &impl Session, runs: u64) -> Tally {
    let tally = tally(session, runs).unwrap_or_else(|error| panic!("{error}"));
    for claim in session.claims() {
        assert!(tally.bears_out(&claim), "{claim:?}: {tally:?}");
    }
    tally
}

#[test]
fn agreements_hold_against_every_attack() {
    for (n, t) in [(1, 0), (2, 0), (3, 1), (5, 2), (7, 3)] {
        for attack in ATTACKS {
            holds(&Agreement::new(n, t, attack).unwrap(), 500);
        }
    }
}

#[test]
fn agreements_without_a_rule_are_found_out() {
    let without_confirmation = |n, t, me, mode| {
        let rules = Rules {
            confirm: false,
            ..Rules::ALL
        };
        Config::mutant(n, t, me, mode, rules)
    };
    let session = Agreement::configured(5, 2, Attack::Random, without_confirmation).unwrap();
    let found = tally(&session, 200_000).unwrap_err();
    assert!(found.contains("agreement"), "{found}");
}

#[test]
fn half_of_the_hosts_are_too_many() {
    assert!(Agreement::new(4, 2, Attack::Random).is_err());
    assert!(Computation::new(4, 2, Attack::Random).is_err());
    let all = |n, t, me, mode: Mode| Config::mutant(n, t, me, mode, Rules::ALL);
    let session = Agreement::configured(4, 2, Attack::Random, all).unwrap();
    assert!(tally(&session, 100_000).is_err());
}

#[test]
fn computations_hold_against_every_attack() {
    for (n, t) in [(2, 0), (3, 1), (5, 2)] {
        for attack in ATTACKS {
            holds(&Computation::new(n, t, attack).unwrap(), 40);
        }
    }
}

#[test]
fn exchanges_are_as_fair_as_theory_has_it() {
    for n in [2, 3, 4] {
        for attack in [
            Cut::None,
            Cut::Random,
            Cut::Withhold,
            Cut::OneWay,
            Cut::Rush,
        ] {
            holds(&FairExchange::new(n, n - 1, 10, attack).unwrap(), 1_500);
        }
    }
}

#[test]
fn with_most_hosts_honest_no_exchange_is_unfair() {
    for (n, corrupt) in [(3, 1), (5, 2)] {
        for attack in [Cut::Random, Cut::Withhold, Cut::OneWay, Cut::Rush] {
            holds(&FairExchange::new(n, corrupt, 6, attack).unwrap(), 500);
        }
    }
}

#[test]
fn an_exchange_that_releases_too_early_is_found_out() {
    let session = FairExchange::new(2, 1, 20, Cut::Rush).unwrap();
    let early = session.releasing(|terms| terms.releasing(Release::AtDecision));
    let tally = tally(&early, 500).unwrap();
    assert!(!early.claims().iter().all(|claim| tally.bears_out(claim)));
}

#[test]
fn a_run_is_the_same_again_and_its_trace_tells_what_was_lost() {
    let session = Agreement::new(5, 2, Attack::Chain).unwrap();
    let told = || {
        let mut trace = Trace::kept();
        let ending = session.run(3, &mut trace).unwrap();
        (ending, trace.lines().to_vec())
    };
    let (first, second) = (told(), told());
    assert_eq!(first, second);
    assert!(first.1.iter().any(|line| line.ends_with("lost")));
}
