//! What an owner may see of its card's vouchers and exchanges.

use super::{Vid, Voucher, Xid};
use crate::codec::List;
use crate::id::EntityId;

crate::structure! {
    /// Asks what the card holds. Privileged.
    pub struct ListVouchers {
        /// Start behind this vid.
        pub after: Option<Vid>,
    }

    /// A page of what the card holds, in order of vid.
    pub struct Vouchers {
        /// The page.
        pub vouchers: List<Holding>,
        /// Whether another page follows.
        pub more: bool,
    }

    /// A voucher that a card stores.
    pub struct Holding {
        /// Its id.
        pub vid: Vid,
        /// The voucher.
        pub voucher: Voucher,
    }

    /// Asks for open exchanges. Privileged.
    pub struct ListExchanges {}

    /// Open offers, running exchanges, results not yet acknowledged.
    pub struct Exchanges {
        /// In order of n1.
        pub exchanges: List<ExchangeState>,
    }

    /// One exchange as its card sees it.
    pub struct ExchangeState {
        /// The offer.
        pub n1: [u8; 32],
        /// The exchange, once agreed.
        pub xid: Option<Xid>,
        /// 0 offering, 1 agreeing.
        pub side: u8,
        /// A [`State`].
        pub state: u8,
        /// What this card gives.
        pub give: Vid,
        /// What it gets.
        pub want: Vid,
        /// The other card.
        pub peer: EntityId,
    }
}

super::super::params!(
    ListVouchers = LIST_VOUCHERS,
    Vouchers = VOUCHERS,
    ListExchanges = LIST_EXCHANGES,
    Exchanges = EXCHANGES,
);

crate::codes::codes! {
    /// Where an exchange stands; the byte in [`ExchangeState`].
    pub enum State: u8, from_u8 {
        /// Offered, nothing given.
        Offer = 0, "offer";
        /// Given, waiting for the other card.
        Wait = 1, "wait";
        /// Given, the third party is asked to resolve.
        Resolving = 2, "resolving";
        /// Given, the third party is asked to abort.
        Aborting = 3, "aborting";
        /// Ended, the result is not acknowledged.
        Done = 4, "done";
    }
}
