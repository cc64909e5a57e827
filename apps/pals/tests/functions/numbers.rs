//! Sum, mean and maximum.

use etp_function::Session;
use maximum::Maximum;
use sum::Sum;

use crate::engine::{Both, Dice, Value, runs};

fn value(number: Option<i64>) -> Value {
    number.map(|number| number.to_be_bytes().to_vec())
}

fn numbers(dice: &mut Dice) -> Vec<Option<i64>> {
    let members = 1 + dice.below(40);
    let spread = [10, 1_000_000, i64::MAX][dice.below(3) as usize];
    let number = |dice: &mut Dice| match dice.below(8) {
        0 => None,
        1 => Some(i64::MIN),
        2 => Some(i64::MAX),
        _ => Some((dice.any() as i64) % spread),
    };
    (0..members).map(|_| number(dice)).collect()
}

/// By the definition: of all numbers, the nearest to the sum divided by the count; of two, the one farther from zero.
fn is_mean(mean: i64, sum: i128, count: i128) -> bool {
    let twice = 2 * (sum - i128::from(mean) * count);
    let is_half = twice.abs() == count;
    twice.abs() < count || is_half && twice.signum() != sum.signum()
}

#[test]
fn sum_and_mean_are_those_of_the_numbers_that_came() {
    let both = Both::new::<Sum>("sum");
    runs(60, |dice| {
        let numbers = numbers(dice);
        let least = dice.below(20) as u16;
        let session = Session {
            id: dice.id(),
            parameters: &least.to_be_bytes(),
        };
        let values: Vec<Value> = numbers.iter().copied().map(value).collect();
        let me = dice.below(numbers.len() as u64) as usize;
        let result = both.run(&session, &values, me);
        let count = numbers.iter().flatten().count();
        assert_eq!(result[..2], (count as u16).to_be_bytes());
        if count < usize::from(least.max(1)) {
            assert_eq!(result.len(), 2);
            return;
        }
        let sum: i128 = numbers.iter().flatten().map(|it| i128::from(*it)).sum();
        assert_eq!(result[2..18], sum.to_be_bytes());
        let mean = i64::from_be_bytes(result[18..].try_into().unwrap());
        assert!(is_mean(mean, sum, count as i128), "{mean} of {numbers:?}");
    });
}

#[test]
fn halves_of_a_mean_go_away_from_zero() {
    let mean = |numbers: &[i64]| {
        let values: Vec<Value> = numbers.iter().map(|it| value(Some(*it))).collect();
        let result = Both::new::<Sum>("sum").run(&Session::default(), &values, 0);
        i64::from_be_bytes(result[18..].try_into().unwrap())
    };
    assert_eq!(
        [mean(&[1, 2]), mean(&[-1, -2]), mean(&[1, 1, 2])],
        [2, -2, 1]
    );
}

#[test]
fn the_maximum_is_one_that_came_and_none_is_greater() {
    let both = Both::new::<Maximum>("maximum");
    runs(60, |dice| {
        let numbers = numbers(dice);
        let least = dice.below(20) as u16;
        let session = Session {
            id: dice.id(),
            parameters: &least.to_be_bytes(),
        };
        let values: Vec<Value> = numbers.iter().copied().map(value).collect();
        let mut sorted: Vec<i64> = numbers.iter().flatten().copied().collect();
        sorted.sort_unstable();
        let mut expected = (sorted.len() as u16).to_be_bytes().to_vec();
        if sorted.len() >= usize::from(least.max(1)) {
            expected.extend(sorted.last().unwrap().to_be_bytes());
        }
        for result in both.run_all(&session, &values) {
            assert_eq!(result, expected);
        }
    });
}

#[test]
fn without_numbers_there_is_only_their_count() {
    let values = [None, Some(vec![1; 7]), Some(vec![])];
    for (name, both) in [
        ("sum", Both::new::<Sum>("sum")),
        ("maximum", Both::new::<Maximum>("maximum")),
    ] {
        assert_eq!(both.run(&Session::default(), &values, 0), [0, 0], "{name}");
    }
}
