//! Who makes a policy work, or fail, pays for it alone.

use std::collections::BTreeMap;

use guard_policies::chain::{Chain, Defaults, FuelLimits, Link, Settings};
use guard_policies::{Answer, Facts, Failure, Opinion, Policy, Verdict};
use proptest::prelude::*;

use crate::support::*;

/// Most that the policy spends on a message.
const COST_MAX: u64 = 100;
const FUEL: FuelLimits = FuelLimits {
    per_second: 1_000,
    burst: 1_000,
};
/// As many sources as there may be in quarantine before the policy itself is.
const SOURCES: u32 = 2;

/// Spends what the first byte of a param says, and fails if there is a second one.
struct AsTold;

impl Policy for AsTold {
    fn judge(&self, facts: &Facts<'_>) -> Answer {
        let param = facts.param().unwrap();
        let opinion = match param.len() {
            1 => Ok(Opinion::Pass),
            _ => Err(Failure("as told".into())),
        };
        Answer {
            opinion,
            fuel: param[0].into(),
        }
    }

    fn fuel_max(&self) -> u64 {
        COST_MAX
    }

    fn explain(&self) -> Vec<String> {
        Vec::new()
    }
}

fn fresh() -> Chain {
    let settings = Settings::default();
    let link = Link::new("a".into(), [0; 32], None, settings, Box::new(AsTold));
    Chain::new(vec![link], Defaults::default(), FUEL, [0; 32])
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    by: u32,
    cost: u8,
    fails: bool,
    /// Since the message before.
    after_ms: u64,
}

fn sent() -> impl Strategy<Value = Sent> {
    let cost = prop_oneof![Just(COST_MAX as u8), 0..=COST_MAX as u8];
    let after_ms = prop_oneof![6 => Just(0), 3 => 0..200_u64, 1 => 0..5_000_u64];
    (0..SOURCES, cost, prop::bool::weighted(0.2), after_ms).prop_map(
        |(by, cost, fails, after_ms)| Sent {
            by,
            cost,
            fails,
            after_ms,
        },
    )
}

/// What becomes of each message that some sources sent, as if there were no others.
fn judge(all: &[Sent], is_there: impl Fn(u32) -> bool) -> BTreeMap<usize, Verdict> {
    let (chain, mut now_ms) = (fresh(), 0);
    let mut verdicts = BTreeMap::new();
    for (place, sent) in all.iter().enumerate() {
        now_ms += sent.after_ms;
        let param = [sent.cost, 0];
        let param = &param[..1 + usize::from(sent.fails)];
        let mut facts = Facts::new(app(sent.by), header(TALK), param, &Host);
        facts.now.tick_ms = now_ms;
        if is_there(sent.by) {
            verdicts.insert(place, chain.judge(&facts).verdict);
        }
    }
    verdicts
}

proptest! {
    #[test]
    fn what_a_source_is_told_depends_on_its_own_messages_alone(
        all in prop::collection::vec(sent(), 1..120),
    ) {
        let together = judge(&all, |_| true);
        for source in 0..SOURCES {
            for (place, verdict) in judge(&all, |it| it == source) {
                prop_assert_eq!(&together[&place], &verdict, "message {} of {}", place, source);
            }
        }
    }

    #[test]
    fn a_source_spends_no_more_than_it_is_given(all in prop::collection::vec(sent(), 1..120)) {
        let verdicts = judge(&all, |_| true);
        for source in 0..SOURCES {
            let (mut spent, mut now_ms) = (0, 0);
            for (place, sent) in all.iter().enumerate() {
                now_ms += sent.after_ms;
                let was_asked = match &verdicts[&place] {
                    Verdict::Pass => true,
                    verdict => refused_by(verdict, "a") == "guard-failed: as told",
                };
                if was_asked && sent.by == source {
                    spent += u64::from(sent.cost);
                }
                prop_assert!(spent <= FUEL.burst + FUEL.per_second * now_ms / 1_000);
            }
        }
    }
}
