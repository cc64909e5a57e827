//! Benchmarking.

use benchmark::{Benchmark, FIGURE_MAX, K_MIN, MEMBERS_MAX, Outcome, SPREAD_MIN};
use etp_function::Session;
use num_bigint::BigInt;
use num_rational::BigRational;

use crate::engine::{Both, Dice, Value, runs};

fn value(figures: &[i64]) -> Value {
    Some(figures.iter().flat_map(|it| it.to_be_bytes()).collect())
}

fn run(k_min: u16, values: &[Value]) -> Vec<Vec<u8>> {
    let session = Session {
        id: [0; 32],
        parameters: &k_min.to_be_bytes(),
    };
    Both::new::<Benchmark>("benchmark").run_all(&session, values)
}

/// What one figure's part of a result says.
struct Told {
    mean: i64,
    quartiles: [i64; 3],
    band: u8,
    variance: u128,
    best: i64,
}

fn told(result: &[u8], figure: usize) -> Told {
    let part = &result[4 + 57 * figure..][..57];
    let number = |at: usize| i64::from_be_bytes(part[at..at + 8].try_into().unwrap());
    Told {
        mean: number(0),
        quartiles: [number(8), number(16), number(24)],
        band: part[32],
        variance: u128::from_be_bytes(part[33..49].try_into().unwrap()),
        best: number(49),
    }
}

fn fraction(numerator: impl Into<BigInt>, denominator: usize) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

/// `round` of num-rational: halves away from zero.
fn rounded(fraction: &BigRational) -> BigInt {
    fraction.round().to_integer()
}

fn mean(figures: &[i64]) -> BigRational {
    let sum = figures.iter().map(|it| BigInt::from(*it)).sum::<BigInt>();
    fraction(sum, figures.len())
}

/// The mean of the squared distances from the mean.
fn variance(figures: &[i64]) -> BigRational {
    let mean = mean(figures);
    let square = |it: &i64| {
        let distance = fraction(*it, 1) - &mean;
        &distance * &distance
    };
    let sum: BigRational = figures.iter().map(square).sum();
    sum / BigInt::from(figures.len())
}

/// Nearest rank: the least figure that so many quarters of all are not above.
fn quartile(figures: &[i64], quarters: usize) -> i64 {
    let is_enough = |it: &&i64| {
        4 * figures.iter().filter(|other| other <= it).count() >= quarters * figures.len()
    };
    *figures.iter().filter(is_enough).min().unwrap()
}

fn check(result: &[u8], group: &[Vec<i64>], own: &[i64]) {
    assert_eq!(result[0], Outcome::Done as u8);
    assert_eq!(result[1..3], (group.len() as u16).to_be_bytes());
    assert_eq!(result.len(), 4 + 57 * own.len());
    for (number, own) in own.iter().enumerate() {
        let mut figures: Vec<i64> = group.iter().map(|of| of[number]).collect();
        let told = told(result, number);
        assert_eq!(BigInt::from(told.mean), rounded(&mean(&figures)));
        let quartiles = [1, 2, 3].map(|quarters| quartile(&figures, quarters));
        assert_eq!(told.quartiles, quartiles, "{figures:?}");
        let band = quartiles
            .iter()
            .position(|it| own <= it)
            .map_or(4, |at| at + 1);
        assert_eq!(usize::from(told.band), band);
        figures.sort_unstable_by(|left, right| right.cmp(left));
        let best = &figures[..figures.len().div_ceil(4)];
        let is_told = figures.len() >= SPREAD_MIN;
        assert_eq!(result[3], u8::from(is_told));
        let expected = |of: BigRational| if is_told { rounded(&of) } else { BigInt::ZERO };
        assert_eq!(BigInt::from(told.variance), expected(variance(&figures)));
        assert_eq!(BigInt::from(told.best), expected(mean(best)));
    }
}

fn figure(dice: &mut Dice) -> i64 {
    match dice.below(8) {
        0 => FIGURE_MAX,
        1 => -FIGURE_MAX,
        2 => dice.between(-3, 3),
        _ => dice.between(-5_000_000, 5_000_000),
    }
}

#[test]
fn random_figures_have_the_statistics_of_the_definitions() {
    runs(25, |dice| {
        let members = 5 + dice.below(16);
        let count = 1 + dice.below(3);
        let figures = |dice: &mut Dice| (0..count).map(|_| figure(dice)).collect();
        let given: Vec<Option<Vec<i64>>> = (0..members)
            .map(|_| (!dice.one_in(9)).then(|| figures(dice)))
            .collect();
        let values: Vec<Value> = given.iter().map(|it| value(it.as_deref()?)).collect();
        let group: Vec<Vec<i64>> = given.iter().flatten().cloned().collect();
        let k_min = dice.below(10) as u16;
        for (result, own) in run(k_min, &values).iter().zip(&given) {
            match own {
                None => assert_eq!(*result, [Outcome::NoFigures as u8, 0, 0, 0]),
                Some(_) if group.len() < K_MIN.max(k_min.into()) => {
                    assert_eq!(*result, [Outcome::TooFew as u8, 0, 0, 0]);
                }
                Some(own) => check(result, &group, own),
            }
        }
    });
}

#[test]
fn fewer_than_five_never_compare() {
    let values = |count: usize| vec![value(&[1]); count];
    for (k_min, members, outcome) in [
        (0, K_MIN, Outcome::Done),
        (0, K_MIN - 1, Outcome::TooFew),
        (2, K_MIN - 1, Outcome::TooFew),
        (7, 7, Outcome::Done),
        (7, 6, Outcome::TooFew),
    ] {
        let results = run(k_min, &values(members));
        assert!(
            results.iter().all(|it| it[0] == outcome as u8),
            "{k_min} of {members}"
        );
    }
    let given = Both::new::<Benchmark>("benchmark").run(&Session::default(), &values(K_MIN), 0);
    assert_eq!(
        given[0],
        Outcome::Done as u8,
        "without parameters five are enough"
    );
}

#[test]
fn a_figure_beyond_all_measure_is_none() {
    let mut values = vec![value(&[FIGURE_MAX]), value(&[-FIGURE_MAX])];
    values.extend(vec![value(&[0]); 4]);
    values.extend([value(&[FIGURE_MAX + 1]), value(&[i64::MIN])]);
    let results = run(5, &values);
    assert_eq!(results[0][..3], [Outcome::Done as u8, 0, 6]);
    for result in &results[6..] {
        assert_eq!(*result, [Outcome::NoFigures as u8, 0, 0, 0]);
    }
}

#[test]
fn as_many_members_and_as_large_figures_as_there_may_be() {
    let extreme = |member: usize| {
        if member.is_multiple_of(2) {
            FIGURE_MAX
        } else {
            -FIGURE_MAX
        }
    };
    let given: Vec<Vec<i64>> = (0..MEMBERS_MAX).map(|it| vec![extreme(it)]).collect();
    let mut values: Vec<Value> = given.iter().map(|it| value(it)).collect();
    let both = Both::new::<Benchmark>("benchmark");
    check(
        &both.run(&Session::default(), &values, 0),
        &given,
        &given[0],
    );
    values.push(None);
    let result = both.run(&Session::default(), &values, 0);
    assert_eq!(result, [Outcome::TooMany as u8, 0, 0, 0]);
}
