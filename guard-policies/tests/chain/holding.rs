//! Holds: who is asked, and what an approval is worth.

use guard_policies::chain::{HoldSettings, Settings, Stage};
use guard_policies::{Approver, Facts, Opinion, Verdict};
use libetp::Mtype;

use crate::support::*;

fn holding() -> Settings {
    Settings {
        hold: HoldSettings {
            approver: Approver::Entity(program(9)),
            wait_ms: 5_000,
        },
        ..Settings::default()
    }
}

fn hold() -> [Result<Opinion, guard_policies::Failure>; 1] {
    [Ok(Opinion::Hold("is it you?".into()))]
}

#[test]
fn a_hold_says_who_is_asked_and_for_how_long() {
    let chain = chain(vec![scripted("a", holding(), 0, &hold()).0]);
    let Verdict::Hold(held) = chain.judge(&talk()).verdict else {
        panic!("not held");
    };
    assert_eq!(held.approver, Approver::Entity(program(9)));
    assert_eq!(held.wait_ms, 5_000);
    assert_eq!(held.reason.to_string(), "a: is it you?");
    assert_eq!(held.policy, chain.links()[0].digest);
}

#[test]
fn an_approval_answers_the_policy_that_asked_and_no_other() {
    let chain = chain(vec![
        scripted("a", holding(), 0, &hold()).0,
        scripted("b", holding(), 0, &hold()).0,
        says("c", Opinion::Refuse("no".into())),
    ]);
    let judge = |approved: &[_]| {
        let stage = Stage {
            approved,
            ..Stage::default()
        };
        chain.judge_stage(&talk(), stage, &mut |_| {}).verdict
    };
    let [a, b] = [0, 1].map(|at: usize| chain.links()[at].digest);
    assert!(matches!(judge(&[a]), Verdict::Hold(held) if held.policy == b));
    assert!(matches!(judge(&[b]), Verdict::Hold(held) if held.policy == a));
    refused_by(&judge(&[a, b]), "c");
}

#[test]
fn an_approval_lifts_no_refusal_of_the_policy_that_asked() {
    let says = [
        hold()[0].clone(),
        Ok(Opinion::Refuse("changed my mind".into())),
    ];
    let chain = chain(vec![scripted("a", holding(), 0, &says).0]);
    let Verdict::Hold(held) = chain.judge(&talk()).verdict else {
        panic!("not held");
    };
    let approved = [held.policy];
    let stage = Stage {
        approved: &approved,
        ..Stage::default()
    };
    let verdict = chain.judge_stage(&talk(), stage, &mut |_| {}).verdict;
    refused_by(&verdict, "a");
}

#[test]
fn a_secret_message_is_refused_instead_of_held() {
    let chain = chain(vec![scripted("a", holding(), 0, &hold()).0]);
    let mut secret = header(Mtype::AUTH);
    secret.dst = HOME.card();
    let facts = Facts::new(app(1_000), secret, b"pin", &Host);
    refused_by(&chain.judge(&facts).verdict, "a");
}
