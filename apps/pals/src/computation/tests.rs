use super::*;
use crate::Millionths;

const N: usize = 3;
const TERMS: AuctionTerms = AuctionTerms {
    is_vickrey: true,
    reserve: 100,
    auctioneer: None,
    is_price_public: false,
};

fn auction(terms: AuctionTerms) -> Computation {
    Computation::Auction(terms)
}

/// An outcome, a member and a price.
fn sale(outcome: u8, winner: u16, price: u64) -> Vec<u8> {
    [&[outcome], &winner.to_be_bytes()[..], &price.to_be_bytes()].concat()
}

#[test]
fn parameters_read_back_and_others_are_not_understood() {
    let computations = [
        auction(TERMS),
        auction(AuctionTerms {
            is_vickrey: false,
            auctioneer: Some(2),
            is_price_public: true,
            ..TERMS
        }),
        Computation::Sum(Quorum { inputs_min: 2 }),
        Computation::Maximum(Quorum { inputs_min: 2 }),
        Computation::Benchmark(Quorum { inputs_min: 7 }),
        Computation::Plan(Shape {
            products: 2,
            periods: 3,
        }),
    ];
    for computation in computations {
        let (function, parameters) = (computation.function(), computation.parameters());
        let longer = [&parameters[..], &[0]].concat();
        assert_eq!(Computation::new(function, longer, N), None);
        let shorter = parameters[1..].to_vec();
        assert_eq!(Computation::new(function, shorter, N), None);
        let read = Computation::new(function, parameters, N);
        assert_eq!(read, Some(computation));
    }
    let stranger = AuctionTerms {
        auctioneer: Some(N as u16),
        ..TERMS
    };
    let parameters = auction(stranger).parameters();
    assert_eq!(
        Computation::new(Shipped::Auction.hash(), parameters, N),
        None
    );
    let nothing = Computation::new(Shipped::Plan.hash(), vec![0, 1], N);
    assert_eq!(nothing, None);
}

#[test]
fn of_an_auction_everybody_reads_what_is_meant_for_oneself() {
    let found = |terms, result: &[u8]| match auction(terms).found(result, N) {
        Some(Found::Auction(sale)) => Some(sale),
        _ => None,
    };
    let public = AuctionTerms {
        is_price_public: true,
        ..TERMS
    };
    assert_eq!(found(TERMS, &sale(1, u16::MAX, 0)), Some(Sale::Unsold));
    assert_eq!(found(TERMS, &sale(2, u16::MAX, 0)), Some(Sale::Lost(None)));
    let lost = Some(Sale::Lost(Some(7)));
    assert_eq!(found(public, &sale(2, u16::MAX, 7)), lost);
    assert_eq!(found(TERMS, &sale(3, 1, 7)), Some(Sale::Won(7)));
    assert_eq!(found(TERMS, &sale(4, 1, 7)), Some(Sale::Sold(1, 7)));
    for wrong in [
        &[][..],
        &sale(0, 1, 7),
        &sale(5, 1, 7),
        &sale(3, 1, 7)[1..],
        &[0; 12],
    ] {
        assert_eq!(found(TERMS, wrong), None);
    }
}

#[test]
fn numbers_are_there_or_only_how_many_there_were() {
    let quorum = Quorum { inputs_min: 2 };
    let (sum, maximum) = (Computation::Sum(quorum), Computation::Maximum(quorum));
    let few = Some(Found::Sum(Sum {
        count: 1,
        sum: None,
    }));
    assert_eq!(sum.found(&[0, 1], N), few);
    let told = [
        &[0, 2][..],
        &(-5_i128).to_be_bytes(),
        &(-3_i64).to_be_bytes(),
    ]
    .concat();
    let both = Some(Found::Sum(Sum {
        count: 2,
        sum: Some((-5, -3)),
    }));
    assert_eq!(sum.found(&told, N), both);
    assert_eq!(maximum.found(&told, N), None);
    let told = [&[0, 2][..], &(-5_i64).to_be_bytes()].concat();
    let greatest = Some(Found::Maximum(Maximum {
        count: 2,
        maximum: Some(-5),
    }));
    assert_eq!(maximum.found(&told, N), greatest);
    assert_eq!(sum.found(&told, N), None);
    assert_eq!(sum.found(&[0], N), None);
}

#[test]
fn variance_and_best_are_there_if_enough_take_part() {
    let benchmark = Computation::Benchmark(Quorum { inputs_min: 5 });
    let mut figure = Vec::new();
    for number in [1_i64, 2, 3, 4] {
        figure.extend(number.to_be_bytes());
    }
    figure.push(2);
    figure.extend(17_u128.to_be_bytes());
    figure.extend(9_i64.to_be_bytes());
    let told = |has_spread: u8| [&[1, 0, 6, has_spread][..], &figure, &figure].concat();
    let expected = |spread| {
        let figure = Figure {
            mean: Millionths(1),
            quartiles: [2, 3, 4].map(Millionths),
            quarter: 2,
            spread,
        };
        Some(Found::Benchmark(Compared::Done(Comparison {
            members: 6,
            figures: vec![figure; 2],
        })))
    };
    let spread = Spread {
        variance: 17,
        best: Millionths(9),
    };
    assert_eq!(spread.deviation(), Millionths(4));
    assert_eq!(benchmark.found(&told(0), N), expected(None));
    assert_eq!(benchmark.found(&told(1), N), expected(Some(spread)));
    let refusals = [
        (0, Compared::TooFew),
        (2, Compared::NoFigures),
        (3, Compared::TooMany),
    ];
    for (outcome, compared) in refusals {
        let found = benchmark.found(&[outcome, 0, 0, 0], N);
        assert_eq!(found, Some(Found::Benchmark(compared)));
    }
    let whole = told(0);
    for wrong in [&[1, 0, 6, 0][..], &whole[..whole.len() - 1], &[0, 0, 0]] {
        assert_eq!(benchmark.found(wrong, N), None);
    }
}

#[test]
fn amounts_of_a_plan_are_exact_fractions() {
    let plan = Computation::Plan(Shape {
        products: 1,
        periods: 1,
    });
    let amount = |numerator: &[u8], denominator: &[u8]| {
        let part = |bytes: &[u8]| [&[0, bytes.len() as u8], bytes].concat();
        [part(numerator), part(denominator)].concat()
    };
    let half = amount(&[1], &[2]);
    let zero = amount(&[], &[1]);
    let long = amount(&[1, 0, 0, 0, 0, 0, 0, 0, 0], &[1]);
    let told = [&[1][..], &half, &long, &zero, &zero, &half, &zero].concat();
    let Some(Found::Plan(Planned::Optimal(activities))) = plan.found(&told, 2) else {
        panic!("a plan");
    };
    let Activities {
        made,
        kept,
        sent,
        received,
        ..
    } = &activities[0];
    assert_eq!(
        (made.to_string(), kept.to_string()),
        ("1/2".into(), "18446744073709551616".into())
    );
    assert!(sent[0].is_zero() && sent[1].to_string() == "1/2");
    assert!(received.iter().all(Amount::is_zero));
    assert_eq!(plan.found(&told, 3), None);
    assert_eq!(plan.found(&[&told[..], &[0]].concat(), 2), None);
    let no_fraction = [&[1][..], &amount(&[1], &[]), &zero.repeat(5)].concat();
    assert_eq!(plan.found(&no_fraction, 2), None);
    assert_eq!(plan.found(&[2], 2), Some(Found::Plan(Planned::Infeasible)));
    assert_eq!(plan.found(&[0], 2), None);
}
