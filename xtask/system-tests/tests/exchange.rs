//! The whole way: two hosts, two cards, one exchange, two attackers.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use system_tests::scenario::{self, Cast, Options};
use system_tests::{Binaries, Deployment};

fn deployment() -> Deployment {
    Deployment::create(Binaries::beside_this_program().unwrap()).unwrap()
}

#[test]
fn vouchers_change_hands_exactly_once_and_attackers_are_refused() {
    let deployment = deployment();
    let report = scenario::exchange(&deployment, &Options { attacks: true }).unwrap();
    let bad: Vec<_> = report
        .steps
        .iter()
        .filter(|step| !step.as_it_had_to)
        .collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert!(report.vouchers_exactly_once);
    assert_eq!(report.holdings_before.len(), 2);
    assert_eq!(report.holdings_after.len(), 2);
    let attacks = report
        .steps
        .iter()
        .filter(|step| step.name.starts_with("hostile"))
        .count();
    assert_eq!(attacks, 5);
    let types: Vec<_> = report
        .messages
        .iter()
        .map(|message| message.mtype.as_str())
        .collect();
    for mtype in [
        "start-exchange",
        "offer",
        "accept",
        "agreement",
        "confirmation",
        "commitment",
    ] {
        assert_eq!(
            types.iter().filter(|seen| **seen == mtype).count(),
            1,
            "{mtype} in {types:?}"
        );
    }
}

#[test]
fn an_exchange_costs_three_commands_at_one_card_and_two_at_the_other() {
    let deployment = deployment();
    let report = scenario::exchange(&deployment, &Options::default()).unwrap();
    let mut counts: Vec<_> = report
        .apdus
        .values()
        .map(|card| card.exchange.len())
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, [2, 3], "{:#?}", report.apdus);
}

#[test]
fn a_second_exchange_brings_the_vouchers_back() {
    let deployment = deployment();
    let mut cast = Cast::assemble(&deployment).unwrap();
    let first = scenario::play(&deployment, &mut cast, &Options::default()).unwrap();
    assert!(first.as_it_had_to, "{:#?}", first.steps);
    let n1 = cast
        .offer_and_accept(&first.vouchers[1], &first.vouchers[0])
        .unwrap();
    assert_eq!(cast.result(&cast.a, &n1).unwrap()["state"], "completed");
    let mut back = cast.holdings().unwrap();
    let mut before = first.holdings_before;
    back.sort_by(|x, y| x.vid.cmp(&y.vid));
    before.sort_by(|x, y| x.vid.cmp(&y.vid));
    assert_eq!(back, before);
}
