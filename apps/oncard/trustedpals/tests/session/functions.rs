//! The functions that are built in, against what is plainly so.

use libetp::codec::{Decode, from_slice, to_vec};
use libetp::params::pals::{
    AuctionResult, AuctionTerms, Descriptor, Maximum, NATIVE_ENGINE, Native, Quorum, Sum,
};
use oncard_function::ENGINE;
use oncard_trustedpals::smc::Trap;
use oncard_trustedpals::{FunctionError, function};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use zeroize::Zeroizing;

use crate::support::descriptor;

const RUNS: u64 = 300;

fn of(native: Native, n: usize, parameters: Vec<u8>) -> Descriptor {
    Descriptor {
        function: native.hash(),
        parameters,
        ..descriptor(n)
    }
}

fn computed<T: Decode>(descriptor: &Descriptor, inputs: &[Option<u64>], me: usize) -> T {
    let bytes = |input: u64| Zeroizing::new(input.to_be_bytes().to_vec());
    let inputs: Vec<_> = inputs.iter().map(|input| input.map(bytes)).collect();
    let function = function(descriptor, &[7; 32]).unwrap();
    let mut work = function.begin(&inputs, me);
    work.slice();
    from_slice(&work.finish().unwrap()).unwrap()
}

fn drawn(dice: &mut ChaCha8Rng, n: usize) -> Vec<Option<u64>> {
    let mut input = || match dice.next_u32() % 4 {
        0 => None,
        1 => Some(dice.next_u64()),
        _ => Some(dice.next_u64() % 5),
    };
    (0..n).map(|_| input()).collect()
}

#[test]
fn a_sum_is_exact_and_kept_back_with_too_few_inputs() {
    for seed in 0..RUNS {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let inputs = drawn(&mut dice, 6);
        let given: Vec<i128> = inputs
            .iter()
            .flatten()
            .map(|it| i128::from(*it as i64))
            .collect();
        let descriptor = of(Native::Sum, 6, to_vec(&Quorum { inputs_min: 3 }));
        let Sum { count, sum } = computed(&descriptor, &inputs, 0);
        let expected = (given.len() >= 3).then(|| given.iter().sum());
        assert_eq!(
            (usize::from(count), sum.map(i128::from_be_bytes)),
            (given.len(), expected)
        );
    }
}

#[test]
fn a_maximum_is_one_of_the_inputs_and_kept_back_with_too_few() {
    for seed in 0..RUNS {
        let inputs = drawn(&mut ChaCha8Rng::seed_from_u64(seed), 5);
        let descriptor = of(Native::Maximum, 5, to_vec(&Quorum { inputs_min: 2 }));
        let Maximum { count, maximum } = computed(&descriptor, &inputs, 3);
        let given: Vec<u64> = inputs.into_iter().flatten().collect();
        let expected = given.iter().copied().max().filter(|_| given.len() >= 2);
        assert_eq!(
            (usize::from(count), maximum),
            (given.len(), expected),
            "seed {seed}"
        );
    }
}

fn auction(n: usize, auctioneer: Option<u8>, is_price_public: bool) -> Descriptor {
    let terms = AuctionTerms {
        reserve: 2,
        auctioneer,
        is_price_public,
    };
    of(Native::Auction, n, to_vec(&terms))
}

/// Who won, and at which price, as each member was told.
fn told(descriptor: &Descriptor, bids: &[Option<u64>]) -> Vec<AuctionResult> {
    let all = 0..bids.len();
    all.map(|me| computed(descriptor, bids, me)).collect()
}

#[test]
fn of_the_highest_bidders_one_wins_at_the_second_price_or_the_reserve() {
    for seed in 0..RUNS {
        let bids = drawn(&mut ChaCha8Rng::seed_from_u64(seed), 5);
        let told = told(&auction(5, None, true), &bids);
        let mut valid: Vec<u64> = bids
            .iter()
            .flatten()
            .copied()
            .filter(|it| *it >= 2)
            .collect();
        valid.sort_unstable();
        let winners: Vec<usize> = (0..5).filter(|it| told[*it].won).collect();
        let price = valid
            .iter()
            .rev()
            .nth(1)
            .copied()
            .or((valid.len() == 1).then_some(2));
        assert!(
            told.iter()
                .all(|it| it.price == price && it.winner.is_none())
        );
        match valid.last() {
            None => assert!(winners.is_empty(), "seed {seed}"),
            Some(highest) => {
                assert_eq!(winners.len(), 1, "seed {seed}");
                assert_eq!(bids[winners[0]], Some(*highest), "seed {seed}");
            }
        }
    }
}

#[test]
fn the_auctioneer_learns_who_won_and_bids_for_nobody() {
    let bids = [Some(1_000), Some(7), Some(9)];
    let told = told(&auction(3, Some(0), false), &bids);
    let result = |won, winner, price| AuctionResult { won, winner, price };
    assert_eq!(told[0], result(false, Some(2), Some(7)));
    assert_eq!(told[1], result(false, None, None));
    assert_eq!(told[2], result(true, None, Some(7)));
}

#[test]
fn a_tie_is_settled_by_the_session_and_not_by_the_order_of_members() {
    let bids = [Some(9u64); 4];
    let inputs: Vec<_> = bids
        .map(|it| Some(Zeroizing::new(it.unwrap().to_be_bytes().to_vec())))
        .into();
    let winner = |session: u8| {
        let function = function(&auction(4, None, false), &[session; 32]).unwrap();
        let won = |me: &usize| {
            let mut work = function.begin(&inputs, *me);
            work.slice();
            from_slice::<AuctionResult>(&work.finish().unwrap())
                .unwrap()
                .won
        };
        (0..4).find(won).unwrap()
    };
    let winners: std::collections::BTreeSet<usize> = (0..40).map(winner).collect();
    assert_eq!(winners.len(), 4);
}

#[test]
fn without_a_slice_there_is_no_result() {
    let function = function(&descriptor(3), &[7; 32]).unwrap();
    assert_eq!(
        function.begin(&[None, None, None], 0).finish().err(),
        Some(Trap)
    );
}

#[test]
fn what_is_not_a_function_of_this_card_is_refused() {
    let refused = |change: fn(&mut Descriptor)| {
        let mut descriptor = auction(3, Some(2), false);
        change(&mut descriptor);
        function(&descriptor, &[7; 32]).err()
    };
    assert_eq!(refused(|_| {}), None);
    assert_eq!(
        refused(|it| it.engine.push('0')),
        Some(FunctionError::Engine)
    );
    let engines = FunctionError::Engine.to_string();
    for engine in [NATIVE_ENGINE, ENGINE] {
        assert!(engines.contains(engine), "it says what to take: {engines}");
    }
    assert_eq!(
        refused(|it| it.engine = ENGINE.into()),
        Some(FunctionError::Unknown)
    );
    assert_eq!(
        refused(|it| it.function = [0; 32]),
        Some(FunctionError::Unknown)
    );
    assert_eq!(
        refused(|it| it.input_bytes += 1),
        Some(FunctionError::Input)
    );
    let parameters = Some(FunctionError::Parameters);
    assert_eq!(refused(|it| it.parameters.push(0)), parameters);
    assert_eq!(
        refused(|it| it.members.0.truncate(2)),
        parameters,
        "no such auctioneer"
    );
}
