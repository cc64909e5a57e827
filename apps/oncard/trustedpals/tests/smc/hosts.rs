//! What corrupt hosts can do: omit.

use std::sync::atomic::Ordering;

use oncard_trustedpals::party::{Output, Said};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::auction::{SLICES, bid, result};
use crate::table::{Sent, Table, honest};

const RUNS: u64 = 150;

#[test]
fn everybody_learns_its_own_part() {
    let mut table = Table::new(&[30, 70, 50], 1, &mut honest);
    table.play(&mut honest);
    let results: Vec<_> = (0..3)
        .map(|member| table.result(member).unwrap().to_vec())
        .collect();
    assert_eq!(results, [0, 50, 0].map(|price| bid(price).to_vec()));
}

#[test]
fn nothing_leaves_a_card_before_the_last_round() {
    let mut table = Table::new(&[1, 2, 3], 1, &mut honest);
    let last = table.parties[0].machine().plan().last_round();
    for _ in 0..last {
        table.round(&mut honest);
        assert!(
            table
                .parties
                .iter()
                .all(|party| party.machine().output().is_none())
        );
    }
    table.round(&mut honest);
    assert!(
        table
            .parties
            .iter()
            .all(|party| party.machine().output().is_some())
    );
}

/// Everything that a host may do to a message that passes it.
fn spoil(dice: &mut ChaCha8Rng, kept: &mut Vec<Sent>, sent: Sent) -> Vec<Sent> {
    kept.push(sent.clone());
    match dice.next_u32() % 12 {
        0 => Vec::new(),
        1 => vec![flipped(dice, sent)],
        2 => vec![sent.clone(), sent],
        3 => vec![Sent {
            to: (sent.to + 1) % 5,
            ..sent
        }],
        4 => vec![Sent {
            from: (sent.from + 1) % 5,
            ..sent
        }],
        5 => {
            let earlier = dice.next_u32() as usize % kept.len();
            vec![kept[earlier].clone(), sent]
        }
        6 => match sent.said.clone() {
            Said::Packet { round, packet } => {
                let round = round + 1 - dice.next_u32() % 3;
                vec![Sent {
                    said: Said::Packet { round, packet },
                    ..sent
                }]
            }
            _ => vec![sent],
        },
        _ => vec![sent],
    }
}

fn flipped(dice: &mut ChaCha8Rng, sent: Sent) -> Sent {
    let mut said = sent.said;
    let (Said::First(bytes) | Said::Second(bytes) | Said::Packet { packet: bytes, .. }) = &mut said;
    let bit = dice.next_u32() as usize % (8 * bytes.len());
    bytes[bit / 8] ^= 1 << (bit % 8);
    Sent { said, ..sent }
}

/// Members with an honest host get what the auction says of the bids of all of them and of those others that
/// are in; nobody gets anything else.
fn session(seed: u64) {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let corrupt = dice.next_u32() as usize % 3;
    let bids: Vec<u64> = (0..5).map(|_| u64::from(dice.next_u32() % 100)).collect();
    let mut kept = Vec::new();
    let mut carry = |sent: Sent| match sent.from < corrupt || sent.to < corrupt {
        true => spoil(&mut dice, &mut kept, sent),
        false => vec![sent],
    };
    let mut table = Table::new(&bids, 2, &mut carry);
    table.play(&mut carry);
    let possible = (0..1u32 << corrupt).map(|present| {
        let is_in = |member: usize| member >= corrupt || present >> member & 1 == 1;
        let bids = bids.iter().enumerate();
        bids.map(|(member, bid)| is_in(member).then_some(*bid))
            .collect::<Vec<_>>()
    });
    let is_result_of = |bids: &Vec<Option<u64>>| {
        (0..5).all(|me| match table.result(me) {
            Some(found) => *found == bid(result(bids, me)),
            None => me < corrupt,
        })
    };
    assert!(
        possible.into_iter().any(|bids| is_result_of(&bids)),
        "seed {seed}"
    );
}

#[test]
fn corrupt_hosts_change_no_result_but_by_leaving_their_own_inputs_out() {
    (0..RUNS).for_each(session);
}

#[test]
fn a_card_that_nobody_hears_knows_that_it_halted() {
    let mut carry = |sent: Sent| match sent.from {
        0 => Vec::new(),
        _ => vec![sent],
    };
    let mut table = Table::new(&[90, 10, 20], 1, &mut carry);
    table.play(&mut carry);
    assert_eq!(table.parties[0].machine().output(), Some(&Output::Halted));
    assert_eq!(table.result(2), Some(&bid(10)));
}

#[test]
fn a_host_that_lets_its_card_not_work_gets_nothing_and_harms_nobody_else() {
    let mut table = Table::new(&[1, 2, 3], 1, &mut honest);
    table.idle = Some(2);
    table.play(&mut honest);
    assert_eq!(table.parties[2].machine().output(), Some(&Output::Trapped));
    assert!((0..2).all(|member| table.result(member) == Some(&bid(0))));
}

/// More slices than there are rounds would let a card finish what all others could not.
#[test]
fn a_host_that_has_its_card_work_too_often_has_it_work_once_in_a_round() {
    let mut table = Table::new(&[1, 2, 3], 1, &mut honest);
    for _ in 0..=table.parties[0].machine().plan().last_round() {
        table.round(&mut honest);
        table.parties[1].work();
    }
    assert!((0..3).all(|member| table.result(member).is_some()));
    assert_eq!(table.auctions[1].slices.load(Ordering::Relaxed), SLICES);
}
