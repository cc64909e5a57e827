//! Every state of the voucher exchange within bounds, and every broken variant found out.

use std::collections::BTreeSet;

use simulator::explore::{BROKEN, CONFIGS, Config, Report, explore, explore_broken};

fn config(name: &str) -> &'static Config {
    let found = CONFIGS.iter().find(|config| config.name == name);
    found.expect("a configuration of that name")
}

#[track_caller]
fn holds(name: &str) -> Report {
    let report = explore(config(name)).expect("cards and scheme go together");
    println!("{report}");
    assert!(report.holds(), "{report}");
    report
}

macro_rules! quick {
    ($($name:ident = $config:literal,)*) => {
        $(#[test]
        fn $name() {
            holds($config);
        })*

        #[test]
        fn every_quick_configuration_has_its_test() {
            let tested: BTreeSet<&str> = [$($config),*].into();
            let quick = CONFIGS.iter().filter(|config| config.quick);
            assert_eq!(tested, quick.map(|config| config.name).collect());
        }
    };
}

quick! {
    one_offer_with_everything = "one",
    two_offers_with_power_cuts = "cuts",
    three_offers = "offers",
    broken_card_and_power_cuts = "broken-cuts",
    broken_card_and_three_vouchers = "broken-three",
    broken_card_that_asks_about_everything = "broken-asks",
    both_cards_in_both_roles = "roles",
    both_roles_and_a_broken_card = "broken-roles",
    voucher_issued_twice_and_redeemed = "issues",
    voucher_issued_twice_and_a_broken_card = "broken-issues",
}

#[test]
fn every_kind_of_step_is_taken() {
    let taken = holds("one").kinds;
    let expected = BTreeSet::from([
        "abort-request",
        "accept",
        "acknowledge-result",
        "agreement",
        "cancel-offer",
        "commitment",
        "confirmation",
        "forgets an exchange that is done",
        "issue",
        "issue-begin",
        "issue-cancel",
        "offer-rejected",
        "order-abort",
        "order-resolve",
        "outcome",
        "redeem",
        "redeem-receipt",
        "resolve-request",
        "start-exchange",
    ]);
    assert_eq!(taken, expected);
}

#[test]
fn every_broken_variant_is_found_out() {
    for broken in BROKEN {
        let report = explore_broken(broken).unwrap();
        println!("{report}");
        let finding = report.finding.as_ref().map(|finding| finding.rule);
        assert_eq!(finding, Some(broken.rule), "{}", broken.name);
        assert!(!report.trace.is_empty());
    }
}

#[test]
fn an_exploration_is_the_same_each_time() {
    let [one, other] = ["one", "one"].map(holds);
    assert_eq!((one.states, one.handled), (other.states, other.handled));
}
