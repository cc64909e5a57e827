//! Random rules and messages: a table says what asking its rules one after the other says.

mod model;
mod strategy;

use proptest::prelude::*;

use crate::support::compile;

use model::Naive;

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_table_says_what_its_rules_say_in_order(
        rules in strategy::rules(),
        letters in prop::collection::vec(strategy::letter(), 1..60),
    ) {
        let rules = model::reachable(rules);
        let text: String = rules.iter().map(ToString::to_string).collect();
        let table = compile(&text).map_err(|problem| TestCaseError::fail(format!("{problem:?}")))?;
        let mut naive = Naive::new(&rules);
        let mut tick_ms = 0;
        for mut letter in letters {
            tick_ms += letter.now.tick_ms;
            letter.now.tick_ms = tick_ms;
            prop_assert_eq!(letter.judged(&table), naive.judge(&letter), "{}\n{:?}", text, letter);
        }
    }
}
