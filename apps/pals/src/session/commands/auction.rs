//! `pals auction`.

use card_owner::Access;
use pals::{AuctionTerms, Computation, Shipped};

use super::{Input, create_shipped};
use crate::report::Report;
use crate::session::begin;
use crate::session::invitation::Wanted;
use crate::session::options::{Auction, CreateAuction};
use crate::session::program::Failure;

pub(in crate::session) fn run(access: &Access<'_>, auction: &Auction) -> Result<Report, Failure> {
    match auction {
        Auction::Create(create) => self::create(access, create),
        Auction::Join(join) => {
            let wanted = Wanted::Shipped(Shipped::Auction);
            begin::join(access, &join.join, wanted, |_| Ok(bid(join.bid)))
        }
    }
}

fn create(access: &Access<'_>, auction: &CreateAuction) -> Result<Report, Failure> {
    let computation = Computation::Auction(AuctionTerms {
        is_vickrey: !auction.first_price,
        reserve: auction.reserve,
        auctioneer: auction.auctioneer.then_some(0),
        is_price_public: auction.public_price,
    });
    let bid = bid(auction.bid.unwrap_or_default());
    create_shipped(access, &auction.create, Shipped::Auction, computation, bid)
}

fn bid(bid: u64) -> Input {
    Input::new(bid.to_be_bytes().into())
}
