//! Policies that fail, and senders that make them: everything closes.

use std::sync::atomic::Ordering;

use guard_policies::chain::{
    BACK_OFF_FIRST_MS, Chain, Defaults, FuelLimits, OnError, QUARANTINED_SOURCES_MAX, STRIKES_MAX,
    Settings,
};
use guard_policies::{Opinion, Verdict};

use crate::support::*;

#[test]
fn a_failure_refuses_unless_the_policy_says_otherwise() {
    let closed = chain(vec![scripted("a", Settings::default(), 0, &[fails()]).0]);
    let verdict = closed.judge(&talk()).verdict;
    assert_eq!(refused_by(&verdict, "a"), "guard-failed: trapped");
    let settings = Settings {
        on_error: OnError::Pass,
        ..Settings::default()
    };
    let open = chain(vec![
        scripted("a", settings, 0, &[fails()]).0,
        says("b", Opinion::Refuse("no".into())),
    ]);
    refused_by(&open.judge(&talk()).verdict, "b");
}

#[test]
fn a_source_that_makes_it_fail_is_refused_without_asking_and_others_are_heard() {
    let mut says: Vec<_> = (0..STRIKES_MAX).map(|_| fails()).collect();
    says.push(Ok(Opinion::Pass));
    let (link, asked) = scripted("a", Settings::default(), 0, &says);
    let chain = chain(vec![link]);
    for _ in 0..STRIKES_MAX {
        refused_by(&chain.judge(&from(1)).verdict, "a");
    }
    refused_by(&chain.judge(&from(1)).verdict, "a");
    assert_eq!(asked.load(Ordering::Relaxed), STRIKES_MAX as usize);
    assert_eq!(chain.links()[0].counts().quarantined, 1);
    assert_eq!(chain.judge(&from(2)).verdict, Verdict::Pass);
    let later = at(BACK_OFF_FIRST_MS, from(1));
    assert_eq!(chain.judge(&later).verdict, Verdict::Pass);
}

#[test]
fn a_policy_in_quarantine_refuses_and_is_not_skipped() {
    let (link, asked) = scripted("a", Settings::default(), 0, &[fails()]);
    let chain = chain(vec![link]);
    for uid in 0..QUARANTINED_SOURCES_MAX as u32 {
        (0..STRIKES_MAX).for_each(|_| drop(chain.judge(&from(uid))));
    }
    let before = asked.load(Ordering::Relaxed);
    let verdict = chain.judge(&from(77)).verdict;
    assert!(refused_by(&verdict, "a").contains("quarantine"));
    assert_eq!(asked.load(Ordering::Relaxed), before);
    assert!(chain.links()[0].is_in_quarantine());
}

#[test]
fn who_has_no_fuel_left_is_refused_and_others_are_heard() {
    let fuel = FuelLimits {
        per_second: 1_000,
        burst: 100,
    };
    let pass = [Ok(Opinion::Pass)];
    let (link, asked) = scripted("a", Settings::default(), 40, &pass);
    let chain = Chain::new(vec![link], Defaults::default(), fuel, [0; 32]);
    assert_eq!(chain.judge(&from(1)).verdict, Verdict::Pass);
    assert_eq!(chain.judge(&from(1)).verdict, Verdict::Pass);
    let verdict = chain.judge(&from(1)).verdict;
    assert!(refused_by(&verdict, "a").contains("fuel"));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(chain.judge(&from(2)).verdict, Verdict::Pass);
    assert_eq!(chain.judge(&at(20, from(1))).verdict, Verdict::Pass);
    assert_eq!(chain.links()[0].counts().unpaid, 1);
    assert_eq!(chain.links()[0].counts().fuel, 160);
}
