//! `pals auction`.

use clap::{Args, Subcommand};

use super::{Create, Join};

#[derive(Debug, Subcommand)]
pub(crate) enum Auction {
    /// Invite others to an auction, and bid
    Create(CreateAuction),
    /// Bid in the auction that somebody invites to
    #[command(visible_alias = "bid")]
    Join(JoinAuction),
}

#[derive(Debug, Args)]
pub(crate) struct CreateAuction {
    #[command(flatten)]
    pub(crate) create: Create,
    /// Your bid; nobody learns it
    #[arg(long, value_name = "PRICE", required_unless_present = "auctioneer")]
    pub(crate) bid: Option<u64>,
    /// Lowest price
    #[arg(long, value_name = "PRICE", default_value_t = 1)]
    pub(crate) reserve: u64,
    /// Who wins pays the own bid, not the second highest
    #[arg(long)]
    pub(crate) first_price: bool,
    /// Do not bid, but learn who wins and at which price
    #[arg(long, conflicts_with = "bid")]
    pub(crate) auctioneer: bool,
    /// Tell the price to all members
    #[arg(long)]
    pub(crate) public_price: bool,
}

#[derive(Debug, Args)]
pub(crate) struct JoinAuction {
    #[command(flatten)]
    pub(crate) join: Join,
    /// Your bid; nobody learns it
    #[arg(long, value_name = "PRICE")]
    pub(crate) bid: u64,
}
