//! An auction with sealed bids, first-price or Vickrey.
//!
//! A value is a bid (u64); 0 is none, and more is left unread.
//!
//! The parameters, 12 bytes, are the terms:
//!
//! | field | type | |
//! |---|---|---|
//! | kind | u8 | 0 first-price: the winner pays the own bid; 1 Vickrey: the second-highest bid, the reserve at least |
//! | disclosure | u8 | 0 the price is for winner and auctioneer; 1 it is for all |
//! | auctioneer | u16 | a member, whose bid does not count; 65535 if none of the members is |
//! | reserve | u64 | the least price; lower bids do not count |
//!
//! Among equal highest bids that of the smallest SHA-256(`auction/tie`, session, member as u16) wins. Members have
//! their numbers before the session has its id, which nobody can choose.
//!
//! The result, 11 bytes: an [`Outcome`] (u8), the winner (u16), and the price (u64). Who is not told winner or price
//! reads 65535 and 0.

mod tie;

use etp_function::{Function, Inputs, Reader, export_function};

/// See the crate.
pub struct Auction;

/// What a member is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// The parameters are no terms.
    NoAuction = 0,
    /// No bid reached the reserve.
    NoSale = 1,
    /// Somebody else won.
    Lost = 2,
    /// The member won.
    Won = 3,
    /// To the auctioneer: it is sold.
    Sold = 4,
}

/// A member that there is not, or who is not to be known.
pub const NOBODY: u16 = u16::MAX;

struct Terms {
    is_vickrey: bool,
    is_price_public: bool,
    auctioneer: usize,
    reserve: u64,
}

/// The winner, and what is paid.
struct Sale {
    winner: usize,
    price: u64,
}

impl Function for Auction {
    fn run(inputs: &Inputs<'_>) -> Vec<u8> {
        let Some(terms) = Terms::read(inputs.parameters()) else {
            return result(Outcome::NoAuction, None, None);
        };
        let Some(Sale { winner, price }) = sell(inputs, &terms) else {
            return result(Outcome::NoSale, None, None);
        };
        match inputs.me() {
            me if me == winner => result(Outcome::Won, Some(me), Some(price)),
            me if me == terms.auctioneer => result(Outcome::Sold, Some(winner), Some(price)),
            _ => result(Outcome::Lost, None, terms.is_price_public.then_some(price)),
        }
    }
}

fn sell(inputs: &Inputs<'_>, terms: &Terms) -> Option<Sale> {
    let bids = inputs.iter().enumerate().filter_map(|(member, value)| {
        let bid = Reader::new(value?).u64()?;
        let counts = bid > 0 && bid >= terms.reserve && member != terms.auctioneer;
        counts.then_some((bid, member))
    });
    let mut bids: Vec<(u64, usize)> = bids.collect();
    bids.sort_unstable();
    let (highest, _) = *bids.last()?;
    let second = bids.iter().rev().nth(1).map_or(0, |(bid, _)| *bid);
    let equal = bids.iter().filter(|(bid, _)| *bid == highest);
    let members = equal.map(|(_, member)| *member);
    let winner = members.min_by_key(|member| tie::hash(inputs.session(), *member))?;
    let price = match terms.is_vickrey {
        true => second.max(terms.reserve),
        false => highest,
    };
    Some(Sale { winner, price })
}

impl Terms {
    fn read(parameters: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(parameters);
        let terms = Self {
            is_vickrey: flag(reader.u8()?)?,
            is_price_public: flag(reader.u8()?)?,
            auctioneer: reader.u16()?.into(),
            reserve: reader.u64()?,
        };
        reader.rest().is_empty().then_some(terms)
    }
}

fn flag(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

fn result(outcome: Outcome, winner: Option<usize>, price: Option<u64>) -> Vec<u8> {
    let winner = winner.map_or(NOBODY, |winner| winner as u16);
    let mut result = vec![outcome as u8];
    result.extend(winner.to_be_bytes());
    result.extend(price.unwrap_or_default().to_be_bytes());
    result
}

export_function!(Auction);
