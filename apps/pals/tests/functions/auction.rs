//! Auctions.

use auction::{Auction, NOBODY, Outcome};
use etp_function::Session;
use libetp::digest::sha256;

use crate::engine::{Both, Dice, Value, runs};

#[derive(Clone, Copy, Debug)]
struct Terms {
    is_vickrey: bool,
    is_price_public: bool,
    auctioneer: u16,
    reserve: u64,
}

impl Terms {
    fn bytes(self) -> Vec<u8> {
        let mut bytes = vec![self.is_vickrey.into(), self.is_price_public.into()];
        bytes.extend(self.auctioneer.to_be_bytes());
        bytes.extend(self.reserve.to_be_bytes());
        bytes
    }
}

const VICKREY: Terms = Terms {
    is_vickrey: true,
    is_price_public: false,
    auctioneer: 0,
    reserve: 100,
};

fn told(outcome: Outcome, winner: u16, price: u64) -> Vec<u8> {
    let mut told = vec![outcome as u8];
    told.extend(winner.to_be_bytes());
    told.extend(price.to_be_bytes());
    told
}

fn hold(terms: Terms, id: [u8; 32], bids: &[Option<u64>]) -> Vec<Vec<u8>> {
    let session = Session {
        id,
        parameters: &terms.bytes(),
    };
    let value = |bid: &Option<u64>| bid.map(|bid| bid.to_be_bytes().to_vec());
    let values: Vec<Value> = bids.iter().map(value).collect();
    Both::new::<Auction>("auction").run_all(&session, &values)
}

#[test]
fn the_second_price_is_paid_and_the_losers_do_not_learn_it() {
    let results = hold(
        VICKREY,
        [0; 32],
        &[None, Some(180), Some(250), None, Some(120)],
    );
    let lost = told(Outcome::Lost, NOBODY, 0);
    assert_eq!(results[0], told(Outcome::Sold, 2, 180));
    assert_eq!(results[2], told(Outcome::Won, 2, 180));
    for loser in [1, 3, 4] {
        assert_eq!(results[loser], lost);
    }
}

#[test]
fn the_reserve_is_the_floor() {
    let alone = hold(VICKREY, [0; 32], &[None, Some(99), Some(100)]);
    assert_eq!(alone[2], told(Outcome::Won, 2, 100));
    let none = hold(VICKREY, [0; 32], &[Some(500), Some(99), None]);
    assert_eq!(none, vec![told(Outcome::NoSale, NOBODY, 0); 3]);
    let free = Terms {
        reserve: 0,
        ..VICKREY
    };
    let nothing = hold(free, [0; 32], &[None, Some(0), Some(0)]);
    assert_eq!(nothing[1], told(Outcome::NoSale, NOBODY, 0), "0 is no bid");
}

#[test]
fn first_price_public_without_an_auctioneer() {
    let terms = Terms {
        is_vickrey: false,
        is_price_public: true,
        auctioneer: NOBODY,
        reserve: 1,
    };
    let results = hold(terms, [0; 32], &[Some(7), Some(9), None]);
    assert_eq!(results[0], told(Outcome::Lost, NOBODY, 9));
    assert_eq!(results[1], told(Outcome::Won, 1, 9));
    assert_eq!(results[2], told(Outcome::Lost, NOBODY, 9));
}

#[test]
fn what_are_no_terms_is_no_auction() {
    let both = Both::new::<Auction>("auction");
    let good = VICKREY.bytes();
    let long = [good.as_slice(), &[0]].concat();
    let mut kind = good.clone();
    kind[0] = 2;
    for parameters in [&[][..], &good[..11], &long, &kind] {
        let session = Session {
            id: [0; 32],
            parameters,
        };
        let result = both.run(&session, &[Some(vec![9; 8])], 0);
        assert_eq!(result, told(Outcome::NoAuction, NOBODY, 0));
    }
}

/// Rounds through the bidders: nobody can be better than the winner, and only the winner and the auctioneer know.
fn expected(terms: Terms, id: [u8; 32], bids: &[Option<u64>]) -> Vec<Vec<u8>> {
    let mut best: Option<(usize, u64)> = None;
    let (mut second, lot) = (0, |member: usize| {
        sha256(&[&b"auction/tie"[..], &id, &(member as u16).to_be_bytes()].concat())
    });
    for (member, bid) in bids.iter().enumerate() {
        let bid = bid.unwrap_or(0);
        if bid == 0 || bid < terms.reserve || member == usize::from(terms.auctioneer) {
            continue;
        }
        match best {
            Some((other, high)) if bid < high || bid == high && lot(other) < lot(member) => {
                second = second.max(bid);
            }
            other => {
                second = other.map_or(second, |(_, high)| high);
                best = Some((member, bid));
            }
        }
    }
    let Some((winner, high)) = best else {
        return vec![told(Outcome::NoSale, NOBODY, 0); bids.len()];
    };
    let price = if terms.is_vickrey {
        second.max(terms.reserve)
    } else {
        high
    };
    let tell = |me: usize| match me {
        me if me == winner => told(Outcome::Won, winner as u16, price),
        me if me == usize::from(terms.auctioneer) => told(Outcome::Sold, winner as u16, price),
        _ if terms.is_price_public => told(Outcome::Lost, NOBODY, price),
        _ => told(Outcome::Lost, NOBODY, 0),
    };
    (0..bids.len()).map(tell).collect()
}

fn terms(dice: &mut Dice, members: u64) -> Terms {
    Terms {
        is_vickrey: dice.one_in(2),
        is_price_public: dice.one_in(2),
        auctioneer: if dice.one_in(4) {
            NOBODY
        } else {
            dice.below(members) as u16
        },
        reserve: dice.below(6),
    }
}

#[test]
fn random_auctions_end_as_by_hand() {
    runs(80, |dice| {
        let members = 1 + dice.below(9);
        let (terms, id) = (terms(dice, members), dice.id());
        // Few amounts: most auctions have equal bids.
        let bids: Vec<_> = (0..members)
            .map(|_| (!dice.one_in(5)).then(|| dice.below(8)))
            .collect();
        assert_eq!(
            hold(terms, id, &bids),
            expected(terms, id, &bids),
            "{terms:?} {bids:?}"
        );
    });
}

#[test]
fn equal_bids_are_settled_by_the_session_and_for_everybody_somewhen() {
    let mut winners = [0; 4];
    runs(40, |dice| {
        let results = hold(VICKREY, dice.id(), &[None, Some(200), Some(200), Some(200)]);
        let winner = results
            .iter()
            .position(|it| it[0] == Outcome::Won as u8)
            .unwrap();
        assert_eq!(results[winner][3..], 200_u64.to_be_bytes());
        winners[winner] += 1;
    });
    assert!(winners[1..].iter().all(|times| *times > 0), "{winners:?}");
}
