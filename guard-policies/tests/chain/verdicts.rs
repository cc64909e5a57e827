//! Which policy decides, and what it may decide.

use std::sync::atomic::Ordering;

use guard_policies::chain::{Chain, Defaults, Fallback, FuelLimits, Mode, Settings, Stage};
use guard_policies::{Entry, Facts, Opinion, Verdict};
use libetp::limits::PARAM_BYTES_MAX;
use libetp::{Header, Mtype, Port};

use crate::support::*;

#[test]
fn the_first_decisive_opinion_wins() {
    let chain = chain(vec![
        says("a", Opinion::Indifferent),
        says("b", Opinion::Refuse("no".into())),
        says("c", Opinion::Pass),
    ]);
    let judgement = chain.judge(&talk());
    assert_eq!(refused_by(&judgement.verdict, "b"), "no");
    assert_eq!(judgement.decided_by, Some(1));
    assert_eq!(chain.links()[2].counts().passed, 0);
}

#[test]
fn a_pass_asks_no_later_policy() {
    let chain = chain(vec![
        says("a", Opinion::Pass),
        says("b", Opinion::Refuse("no".into())),
    ]);
    assert_eq!(chain.judge(&talk()).verdict, Verdict::Pass);
}

fn with_defaults(defaults: Defaults) -> Chain {
    Chain::new(Vec::new(), defaults, FuelLimits::default(), [0; 32])
}

#[test]
fn what_nobody_decides_meets_the_default_of_its_entry() {
    let chain = with_defaults(Defaults {
        app: Fallback::Refuse,
        card: Fallback::Drop,
        remote: Fallback::Pass,
    });
    refused_by(&chain.judge(&talk()).verdict, "default");
    let from = |entry, src| {
        let header = Header {
            src,
            ..header(TALK)
        };
        chain.judge(&Facts::new(entry, header, b"", &Host)).verdict
    };
    assert!(matches!(
        from(Entry::Card(HOME), HOME.card()),
        Verdict::Drop(_)
    ));
    let stranger = ABROAD.entity(Port(1));
    assert_eq!(from(Entry::Remote([3; 32]), stranger), Verdict::Pass);
}

#[test]
fn no_policy_lets_pass_what_a_built_in_rule_refuses() {
    let chain = chain(vec![says("a", Opinion::Pass)]);
    let facts = Facts::new(Entry::Remote([3; 32]), header(TALK), b"", &Host);
    refused_by(&chain.judge(&facts).verdict, "forged-source");
}

#[test]
fn no_policy_comes_between_a_card_and_its_daemon() {
    let refuse_all = Defaults {
        app: Fallback::Refuse,
        card: Fallback::Refuse,
        remote: Fallback::Refuse,
    };
    let links = vec![says("a", Opinion::Refuse("no".into()))];
    let chain = Chain::new(links, refuse_all, FuelLimits::default(), [0; 32]);
    let judge = |entry, src, dst, mtype| {
        let header = Header { src, dst, mtype };
        chain.judge(&Facts::new(entry, header, b"", &Host)).verdict
    };
    let (card, daemon) = (HOME.card(), HOME.entity(Port::DAEMON));
    let hello = Mtype::HELLO;
    assert_eq!(judge(Entry::Card(HOME), card, daemon, hello), Verdict::Pass);
    let order = Mtype::HELLO_CHALLENGE;
    assert_eq!(judge(Entry::Host, daemon, card, order), Verdict::Pass);
    refused_by(&judge(Entry::Card(HOME), card, program(5), TALK), "a");
}

#[test]
fn a_shadow_is_asked_and_changes_nothing() {
    let settings = Settings {
        mode: Mode::Shadow,
        ..Settings::default()
    };
    let no = [Ok(Opinion::Refuse("no".into()))];
    let (link, asked) = scripted("a", settings, 0, &no);
    let chain = chain(vec![link]);
    assert_eq!(chain.judge(&talk()).verdict, Verdict::Pass);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(chain.links()[0].counts().refused, 1);
}

fn rewriting(param: Vec<u8>, may_rewrite: Vec<Mtype>) -> Chain {
    let settings = Settings {
        may_rewrite,
        ..Settings::default()
    };
    let rewrite = [Ok(Opinion::Rewrite(param))];
    chain(vec![scripted("a", settings, 0, &rewrite).0])
}

#[test]
fn a_rewrite_needs_a_grant_for_the_type() {
    let judged = rewriting(b"new".to_vec(), vec![TALK]).judge(&talk());
    assert_eq!(judged.verdict, Verdict::Pass);
    assert_eq!(judged.param.as_deref(), Some(&b"new"[..]));
    let judged = rewriting(b"new".to_vec(), vec![Mtype(0xC002)]).judge(&talk());
    assert!(refused_by(&judged.verdict, "a").contains("may not change"));
    assert_eq!(judged.param, None);
}

#[test]
fn a_rewrite_stays_within_the_limits_of_a_message() {
    let longest = rewriting(vec![0; PARAM_BYTES_MAX], vec![TALK]);
    assert_eq!(longest.judge(&talk()).verdict, Verdict::Pass);
    let longer = rewriting(vec![0; PARAM_BYTES_MAX + 1], vec![TALK]);
    refused_by(&longer.judge(&talk()).verdict, "a");
}

#[test]
fn later_policies_see_what_a_rewrite_made() {
    struct Expects(&'static [u8]);
    impl guard_policies::Policy for Expects {
        fn judge(&self, facts: &Facts<'_>) -> guard_policies::Answer {
            match facts.param() == Some(self.0) {
                true => Opinion::Pass.into(),
                false => Opinion::Refuse("not it".into()).into(),
            }
        }

        fn explain(&self) -> Vec<String> {
            Vec::new()
        }
    }
    let settings = Settings {
        may_rewrite: vec![TALK],
        ..Settings::default()
    };
    let rewrite = [Ok(Opinion::Rewrite(b"new".to_vec()))];
    let first = scripted("a", settings, 0, &rewrite).0;
    let second = guard_policies::chain::Link::new(
        "b".into(),
        [0; 32],
        None,
        Settings::default(),
        Box::new(Expects(b"new")),
    );
    assert_eq!(
        chain(vec![first, second]).judge(&talk()).verdict,
        Verdict::Pass
    );
}

#[test]
fn a_slow_policy_is_left_to_the_worker() {
    let settings = Settings {
        is_slow: true,
        ..Settings::default()
    };
    let no = [Ok(Opinion::Refuse("no".into()))];
    let (link, asked) = scripted("b", settings, 0, &no);
    let chain = chain(vec![says("a", Opinion::Indifferent), link]);
    assert_eq!(chain.judge(&talk()).verdict, Verdict::Slow(1));
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let stage = Stage {
        from: 1,
        is_worker: true,
        approved: &[],
    };
    let judged = chain.judge_stage(&talk(), stage, &mut |_| {});
    refused_by(&judged.verdict, "b");
    assert_eq!(
        chain.links()[0].counts().indifferent,
        1,
        "the first was asked once"
    );
}

#[test]
fn who_watches_learns_every_step() {
    let chain = chain(vec![
        says("a", Opinion::Indifferent),
        says("b", Opinion::Drop("quiet".into())),
    ]);
    let mut steps = Vec::new();
    chain.judge_stage(&talk(), Stage::default(), &mut |step| steps.push(step));
    let names: Vec<_> = steps.iter().map(|step| step.policy.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(steps[1].opinion, Some(Ok(Opinion::Drop("quiet".into()))));
}
