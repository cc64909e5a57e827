//! What sessions grant the functions that are shipped: enough for the worst inputs, and not much more, since cards
//! spend all of it.

use oncard_function::{Budget, Input, Module, Outcome, Session};
use pals::{AuctionTerms, Computation, FIGURES_MAX, Quorum, Shape, Shipped};

use crate::engine::{Dice, runs};

/// Sizes of sessions.
const SIZES: [usize; 7] = [2, 3, 5, 9, 16, 20, 32];
/// Of what is granted, the worst inputs that were found need between these shares, in percent.
const SHARES: std::ops::RangeInclusive<u64> = 25..=85;

/// The share of what is granted that a computation takes, in percent.
fn share(module: &Module, computation: &Computation, values: &[Vec<u8>]) -> u64 {
    let bytes = values.iter().map(Vec::len).max().unwrap_or_default();
    let grant = computation.grant(values.len(), bytes as u32);
    let budget = Budget::new(grant.fuel, grant.slice, grant.memory_bytes).unwrap();
    let session = Session {
        id: [7; 32],
        parameters: computation.parameters(),
    };
    let inputs: Vec<Input> = values.iter().map(|it| Some(it.clone().into())).collect();
    let bounded = module.clone().within(budget, session);
    let (outcome, fuel) = bounded.measure(&inputs, 0);
    assert!(
        matches!(outcome, Outcome::Result(_)),
        "{computation:?} {outcome:?}"
    );
    fuel * 100 / grant.fuel
}

/// Whether a grant is enough for these, and for random ones, and not much too much.
fn check(
    computation: &Computation,
    fixed: &[fn(usize) -> Vec<u8>],
    value: fn(&mut Dice) -> Vec<u8>,
) {
    let module = Module::load(computation.shipped().unwrap().module()).unwrap();
    for n in SIZES {
        let worst = fixed.iter().map(|value| {
            let values: Vec<Vec<u8>> = (0..n).map(value).collect();
            share(&module, computation, &values)
        });
        let mut worst = worst.max().unwrap();
        runs(10, |dice| {
            let values: Vec<Vec<u8>> = (0..n).map(|_| value(dice)).collect();
            worst = worst.max(share(&module, computation, &values));
        });
        assert!(SHARES.contains(&worst), "{computation:?} {n}: {worst} %");
    }
}

fn number(number: i64) -> Vec<u8> {
    number.to_be_bytes().into()
}

#[test]
fn fuel_is_enough_for_the_worst_auctions() {
    for is_vickrey in [false, true] {
        let terms = AuctionTerms {
            is_vickrey,
            reserve: 1,
            auctioneer: None,
            is_price_public: true,
        };
        // Equal bids are drawn for.
        let fixed: [fn(usize) -> Vec<u8>; 3] = [
            |_| number(9),
            |at| number(at as i64 + 1),
            |at| number(99 - at as i64),
        ];
        check(&Computation::Auction(terms), &fixed, |dice| {
            number(1 + dice.below(3) as i64)
        });
    }
}

#[test]
fn fuel_is_enough_for_sums_and_greatest_numbers() {
    let quorum = Quorum { inputs_min: 1 };
    let fixed: [fn(usize) -> Vec<u8>; 3] = [
        |_| number(i64::MIN),
        |_| number(i64::MAX),
        |at| number(at as i64),
    ];
    let any: fn(&mut Dice) -> Vec<u8> = |dice| number(dice.any().cast_signed());
    check(&Computation::Sum(quorum), &fixed, any);
    check(&Computation::Maximum(quorum), &fixed, any);
}

#[test]
fn fuel_is_enough_for_comparisons_of_few_and_of_many_figures() {
    let computation = Computation::Benchmark(Quorum { inputs_min: 5 });
    let module = Module::load(Shipped::Benchmark.module()).unwrap();
    for figures in [1, 8, FIGURES_MAX] {
        for n in SIZES.into_iter().filter(|n| *n >= 5) {
            let mut worst = 0;
            let mut of = |figure: &mut dyn FnMut(usize) -> i64| {
                let mut value = |at| (0..figures).flat_map(|_| number(figure(at))).collect();
                let values: Vec<Vec<u8>> = (0..n).map(&mut value).collect();
                worst = worst.max(share(&module, &computation, &values));
            };
            of(&mut |_| -99_999_999_999_999_999);
            of(&mut |at| at as i64 * 1_000_000_007);
            of(&mut |at| -(at as i64) * 1_000_000_007);
            runs(5, |dice| {
                of(&mut |_| dice.between(-100_000_000_000_000_000, 100_000_000_000_000_000));
            });
            assert!(SHARES.contains(&worst), "{figures} {n}: {worst} %");
        }
    }
}

/// There is no bound for plans, but for those of this kind it is enough.
#[test]
fn fuel_is_enough_for_plans_of_a_usual_kind() {
    let module = Module::load(Shipped::Plan.module()).unwrap();
    for (n, products, periods) in [
        (2, 1, 1),
        (3, 1, 2),
        (3, 2, 2),
        (3, 1, 6),
        (5, 2, 3),
        (9, 1, 2),
    ] {
        let computation = Computation::Plan(Shape { products, periods });
        runs(3, |dice| {
            let values: Vec<Vec<u8>> = (0..n)
                .map(|_| site(dice, n, products.into(), periods.into()))
                .collect();
            assert!(share(&module, &computation, &values) <= 100);
        });
    }
}

/// A site with some of what is needed there, and capacity for twice that.
fn site(dice: &mut Dice, n: usize, products: u32, periods: u32) -> Vec<u8> {
    let mut numbers: Vec<u32> = Vec::new();
    let mut draw = |count: u32, low: u32, range: u64| {
        numbers.extend((0..count).map(|_| low + dice.below(range) as u32));
    };
    draw(products, 5, 4);
    draw(products, 1, 3);
    draw(products, 10, 20);
    draw(products, 1, 4);
    draw(periods, 60 * products, 20);
    draw(products * periods, 5, 10);
    draw(n as u32, 1, 15);
    numbers.into_iter().flat_map(u32::to_be_bytes).collect()
}
