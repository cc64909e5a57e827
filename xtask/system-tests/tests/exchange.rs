//! The whole way: two hosts, two cards, one exchange, two attackers.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use system_tests::scenario::{self, Cast, Stories};
use system_tests::{Binaries, Deployment};

fn deployment() -> Deployment {
    Deployment::create(Binaries::beside_this_program().unwrap()).unwrap()
}

/// Each story and how it has to end.
const STORIES: &[(&str, &str)] = &[
    ("exchange", "completed"),
    ("cut", "resolved"),
    ("away", "aborted"),
    ("backup", "quarantined"),
    ("attacks", "refused"),
];

#[test]
fn vouchers_change_hands_exactly_once_and_attackers_are_refused() {
    let report = scenario::perform(&deployment(), Stories::All).unwrap();
    let bad: Vec<_> = report
        .steps
        .iter()
        .filter(|step| !step.as_it_had_to)
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(report.vouchers_exactly_once && report.as_it_had_to);
    let told: Vec<_> = report
        .stories
        .iter()
        .map(|story| (story.name, story.outcome.as_str()))
        .collect();
    assert_eq!(told, STORIES);
    let attacks = report
        .steps
        .iter()
        .filter(|step| step.name.starts_with("hostile"))
        .count();
    assert_eq!(attacks, 10);
    for story in &report.stories {
        assert!(story.holdings_after.len() >= 2, "{story:#?}");
    }
    let times = |story: &str, mtype: &str| {
        let of_story = report.messages.iter().filter(|m| m.story == story);
        of_story.filter(|message| message.mtype == mtype).count()
    };
    for mtype in [
        "start-exchange",
        "offer",
        "accept",
        "agreement",
        "confirmation",
        "commitment",
    ] {
        assert_eq!(times("exchange", mtype), 1, "{mtype}");
    }
    assert_eq!(times("exchange", "outcome"), 0);
    for disputed in ["cut", "away"] {
        assert_eq!(times(disputed, "outcome"), 2, "{disputed}");
        assert_eq!(times(disputed, "commitment"), 0, "{disputed}");
    }
}

#[test]
fn an_exchange_costs_three_commands_at_one_card_and_two_at_the_other() {
    let report = scenario::perform(&deployment(), Stories::Exchange).unwrap();
    let cards = report.apdus.values();
    let mut counts: Vec<_> = cards.map(|card| card.exchange.len()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 2, 3], "{:#?}", report.apdus);
}

#[test]
fn a_second_exchange_brings_the_vouchers_back() {
    let deployment = deployment();
    let mut cast = Cast::assemble(&deployment).unwrap();
    let report = scenario::play(&deployment, &mut cast, Stories::Exchange).unwrap();
    assert!(report.as_it_had_to, "{:#?}", report.steps);
    let [give, want] = [&report.vouchers[1], &report.vouchers[0]];
    let first = report.story("exchange").unwrap().clone();
    let n1 = cast.offer_and_accept(give, want).unwrap();
    assert_eq!(cast.result(&cast.a, &n1).unwrap()["state"], "completed");
    let mut back = cast.holdings().unwrap();
    let mut before = first.holdings_before;
    back.sort_by(|x, y| x.vid.cmp(&y.vid));
    before.sort_by(|x, y| x.vid.cmp(&y.vid));
    assert_eq!(back, before);
}
