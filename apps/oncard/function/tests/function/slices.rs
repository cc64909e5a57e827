//! A computation in slices.

use oncard_function::{Budget, Function, Outcome, Session, Trap};
use proptest::prelude::*;

use crate::modules::{ECHO, LOOP, SLICE, budget, compute, count, module, values};

#[test]
fn a_function_is_given_all_inputs_and_who_asks_and_what_the_session_says() {
    let inputs = values(&[Some(b"ab"), None, Some(b"cd")]);
    let session = Session {
        id: [7; 32],
        parameters: b"xyz".to_vec(),
    };
    let bounded = module(ECHO).within(budget(10_000), session);
    let (outcome, _) = bounded.measure(&inputs, 2);
    let head = [&b"\0\x03\0\x02"[..], &[7; 32], b"\0\x03xyz\0\0\0\x02"].concat();
    let given = [head.as_slice(), b"\x01ab\0\0\0\x01cd"].concat();
    assert_eq!(outcome, Outcome::Result(given.into()));
}

#[test]
fn nobody_gave_anything_and_it_is_computed_all_the_same() {
    let given = compute(&module(ECHO), &values(&[None, None]), 0, budget(10_000), 0).unwrap();
    assert_eq!(given, [&[0, 2][..], &[0; 2 + 32 + 2 + 4 + 2]].concat());
}

#[test]
fn one_slice_too_few_and_there_is_no_result() {
    let inputs = values(&[None]);
    for code in [ECHO.to_owned(), count(3_000)] {
        let module = module(&code);
        assert!(compute(&module, &inputs, 0, budget(100_000), 0).is_ok());
        let short = compute(&module, &inputs, 0, budget(100_000), 1);
        assert_eq!(short, Err(Trap));
    }
}

#[test]
fn slices_beyond_the_last_compute_nothing() {
    let module = module(&count(3_000));
    let budget = budget(2 * SLICE);
    let mut work = module
        .within(budget, Session::default())
        .begin(&values(&[None]), 0);
    for _ in 0..1_000 {
        work.slice();
    }
    assert_eq!(work.finish().map(|it| it.to_vec()), Err(Trap));
}

#[test]
fn what_does_not_end_has_no_result() {
    let inputs = values(&[None]);
    assert_eq!(
        compute(&module(LOOP), &inputs, 0, budget(50_000), 0),
        Err(Trap)
    );
}

/// Least fuel, in units, that a count needs in slices of that size.
fn least(ones: u64, slice: u64) -> u64 {
    let module = module(&count(ones));
    let enough = |fuel: &u64| {
        let budget = Budget::new(*fuel, slice, 1 << 20).unwrap();
        compute(&module, &values(&[None]), 0, budget, 0).is_ok()
    };
    (1..).map(|n| n * slice).find(enough).unwrap()
}

#[test]
fn what_is_measured_is_what_slices_need() {
    let inputs = values(&[None]);
    let bounded = module(&count(3_000)).within(budget(100_000), Session::default());
    let (outcome, fuel) = bounded.measure(&inputs, 0);
    let Outcome::Result(result) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(result.as_slice(), 3_000_u64.to_le_bytes());
    assert!(least(3_000, 1_000).abs_diff(fuel) <= 1_000, "{fuel}");
}

#[test]
fn why_there_is_no_result_is_told_to_whoever_measures() {
    let inputs = values(&[None]);
    let measure = |code: &str| {
        module(code)
            .within(budget(10_000), Session::default())
            .measure(&inputs, 0)
    };
    let (outcome, fuel) = measure(LOOP);
    assert_eq!(outcome, Outcome::OutOfFuel);
    assert!((9_990..=10_000).contains(&fuel), "{fuel}");
    assert_eq!(measure("(unreachable)").0, Outcome::Trapped);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_size_of_slices_changes_nothing(slice in 1_000_u64..20_000, ones in 1_u64..20_000) {
        let module = module(&count(ones));
        let budget = Budget::new(1_000_000, slice, 1 << 20).unwrap();
        let result = compute(&module, &values(&[None]), 0, budget, 0);
        prop_assert_eq!(result, Ok(ones.to_le_bytes().to_vec()));
    }

    #[test]
    fn fuel_is_counted_alike_in_slices_of_any_size(slice in 1_000_u64..4_000, ones in 1_u64..3_000) {
        let (whole, sliced) = (least(ones, 1_000), least(ones, slice));
        prop_assert!(sliced.abs_diff(whole) <= slice.max(1_000), "{} and {}", whole, sliced);
    }
}
