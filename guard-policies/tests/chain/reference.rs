//! The chain against a naive reading of what it promises, over random policies.

use guard_policies::chain::{
    Chain, Defaults, Fallback, FuelLimits, Mode, OnError, Settings, Stage,
};
use guard_policies::{Disturbance, Failure, Opinion, Verdict};
use proptest::prelude::*;

use crate::support::*;

#[derive(Clone, Debug)]
struct Drawn {
    says: Result<Opinion, Failure>,
    settings: Settings,
}

fn opinion() -> impl Strategy<Value = Result<Opinion, Failure>> {
    prop_oneof![
        4 => Just(Ok(Opinion::Indifferent)),
        1 => Just(Ok(Opinion::Pass)),
        1 => Just(Ok(Opinion::Drop("d".into()))),
        1 => Just(Ok(Opinion::Refuse("r".into()))),
        2 => Just(Ok(Opinion::Hold("h".into()))),
        2 => Just(Ok(Opinion::Rewrite(b"new".to_vec()))),
        1 => Just(Ok(Opinion::Disturb(Disturbance::Duplicate))),
        1 => Just(fails()),
    ]
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let settings = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (opinion(), settings).prop_map(|(says, (passes, shadow, slow, granted))| Drawn {
        says,
        settings: Settings {
            on_error: if passes {
                OnError::Pass
            } else {
                OnError::Refuse
            },
            mode: if shadow { Mode::Shadow } else { Mode::Enforce },
            is_slow: slow,
            may_rewrite: if granted { vec![TALK] } else { Vec::new() },
            ..Settings::default()
        },
    })
}

/// What is promised, in words of its own: kind of the verdict, who decided, whether the param is
/// new.
fn expected(
    policies: &[Drawn],
    from: usize,
    is_worker: bool,
    approved: &[usize],
    fallback: Fallback,
) -> (&'static str, Option<usize>, bool) {
    let mut is_new = false;
    for (at, policy) in policies.iter().enumerate() {
        let settings = &policy.settings;
        if at < from || settings.mode == Mode::Shadow {
            continue;
        }
        if settings.is_slow && !is_worker {
            return ("slow", Some(at), is_new);
        }
        let failed = match settings.on_error {
            OnError::Refuse => Some("refuse"),
            OnError::Pass => None,
        };
        let word = match &policy.says {
            Ok(Opinion::Indifferent) => None,
            Ok(Opinion::Pass) => Some("pass"),
            Ok(Opinion::Drop(_)) => Some("drop"),
            Ok(Opinion::Refuse(_)) => Some("refuse"),
            Ok(Opinion::Disturb(_)) => Some("disturb"),
            Ok(Opinion::Hold(_)) => (!approved.contains(&at)).then_some("hold"),
            Ok(Opinion::Rewrite(_)) if settings.may_rewrite.is_empty() => failed,
            Ok(Opinion::Rewrite(_)) => {
                is_new = true;
                None
            }
            Err(_) => failed,
        };
        if let Some(word) = word {
            return (word, Some(at), is_new);
        }
    }
    let word = match fallback {
        Fallback::Pass => "pass",
        Fallback::Refuse => "refuse",
        Fallback::Drop => "drop",
    };
    (word, None, is_new)
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Drop(_) => "drop",
        Verdict::Refuse(_) => "refuse",
        Verdict::Hold(_) => "hold",
        Verdict::Slow(_) => "slow",
        Verdict::Disturb(..) => "disturb",
    }
}

proptest! {
    #[test]
    fn the_verdict_is_that_of_a_naive_reading(
        policies in prop::collection::vec(drawn(), 0..8),
        from in 0_usize..4,
        is_worker: bool,
        approved in prop::collection::vec(0_usize..8, 0..3),
        fallback in prop_oneof![
            Just(Fallback::Pass), Just(Fallback::Refuse), Just(Fallback::Drop)
        ],
    ) {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let links = policies.iter().zip(names).map(|(policy, name)| {
            scripted(name, policy.settings.clone(), 0, std::slice::from_ref(&policy.says)).0
        });
        let defaults = Defaults { app: fallback, ..Defaults::default() };
        let chain = Chain::new(links.collect(), defaults, FuelLimits::default(), [0; 32]);
        let digests: Vec<_> = approved
            .iter()
            .filter_map(|&at| chain.links().get(at).map(|link| link.digest))
            .collect();
        let stage = Stage { from, is_worker, approved: &digests };
        let judged = chain.judge_stage(&talk(), stage, &mut |_| {});
        let found = (word(&judged.verdict), judged.decided_by, judged.param.is_some());
        prop_assert_eq!(found, expected(&policies, from, is_worker, &approved, fallback));
    }
}
