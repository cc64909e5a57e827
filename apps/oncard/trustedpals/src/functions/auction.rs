//! A sealed-bid auction: who bids most wins at the price of the second (Vickrey), at least the reserve.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Reverse;

use libetp::codec::to_vec;
use libetp::digest::{Hash, tagged};
use libetp::params::pals::{AuctionResult, AuctionTerms, Descriptor};

use super::{FunctionError, native, parameters};
use crate::smc::Function;

pub(super) fn auction(
    descriptor: &Descriptor,
    session: &Hash,
) -> Result<Box<dyn Function>, FunctionError> {
    let terms: AuctionTerms = parameters(descriptor)?;
    let members = &descriptor.members.0;
    let auctioneer = terms.auctioneer.map(usize::from);
    if auctioneer.is_some_and(|it| it >= members.len()) {
        return Err(FunctionError::Parameters);
    }
    // The smallest of equal bidders wins: nobody can choose to be.
    let lot = |key: &Hash| tagged("lot", &[session, key]);
    let lots: Vec<Hash> = members.iter().map(|member| lot(&member.key)).collect();
    Ok(native(move |inputs, me| {
        let sale = sale(inputs, &lots, &terms);
        let winner = sale.map(|(winner, _)| winner);
        let is_told = winner == Some(me) || auctioneer == Some(me) || terms.is_price_public;
        to_vec(&AuctionResult {
            won: winner == Some(me),
            winner: winner.filter(|_| auctioneer == Some(me)).map(|it| it as u8),
            price: sale.map(|(_, price)| price).filter(|_| is_told),
        })
    }))
}

/// Who wins, and at which price; `None` without a bid of at least the reserve.
fn sale(inputs: &[Option<[u8; 8]>], lots: &[Hash], terms: &AuctionTerms) -> Option<(usize, u64)> {
    let bid = |(member, input): (usize, &Option<[u8; 8]>)| {
        let bid = input.map(u64::from_be_bytes)?;
        let is_bidder = terms.auctioneer.map(usize::from) != Some(member);
        (bid > 0 && bid >= terms.reserve && is_bidder).then_some((member, bid))
    };
    let mut bids: Vec<(usize, u64)> = inputs.iter().enumerate().filter_map(bid).collect();
    bids.sort_by_key(|(member, bid)| (Reverse(*bid), lots[*member]));
    let (winner, _) = *bids.first()?;
    let price = bids.get(1).map_or(terms.reserve, |(_, second)| *second);
    Some((winner, price))
}
