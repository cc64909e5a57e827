//! Each rule is needed: without it the laws are broken, and the checks see it.

use oncard_trustedpals::uic::{Config, ConfigError, Mode, Rules};

use crate::network::Setting;
use crate::random::search;

/// Runs in which a violation has to come up.
const RUNS: u64 = 300_000;

fn is_found_out(mutant: Setting) {
    assert!(
        search(&mutant, RUNS).is_err(),
        "nothing is wrong with {mutant:?}"
    );
}

/// Five processes, two of them faulty: with fewer no round is early.
fn five(mode: Mode, rules: Rules) -> Setting {
    Setting {
        rules,
        ..Setting::new(5, 2, mode)
    }
}

#[test]
fn without_the_self_check_agreement_is_lost() {
    let self_check = false;
    for (n, t) in [(3, 1), (5, 2)] {
        is_found_out(Setting {
            rules: Rules {
                self_check,
                ..Rules::ALL
            },
            ..Setting::new(n, t, Mode::Full)
        });
    }
}

#[test]
fn without_confirmation_an_early_decision_is_wrong() {
    let confirm = false;
    is_found_out(five(
        Mode::Full,
        Rules {
            confirm,
            ..Rules::ALL
        },
    ));
}

#[test]
fn without_stability_an_early_decision_is_wrong() {
    let stable = false;
    is_found_out(five(
        Mode::Full,
        Rules {
            stable,
            ..Rules::ALL
        },
    ));
}

#[test]
fn stopping_without_being_retired_takes_correct_ones_along() {
    let retire = false;
    is_found_out(five(
        Mode::Stop,
        Rules {
            retire,
            ..Rules::ALL
        },
    ));
}

#[test]
fn half_faulty_cannot_be_solved_and_is_refused() {
    for (n, t) in [(2, 1), (4, 2), (6, 3)] {
        let refused = Config::new(n, t, 0, Mode::Full);
        assert_eq!(refused, Err(ConfigError::Majority { n, t }));
        is_found_out(Setting::new(n, t, Mode::Full));
    }
}
