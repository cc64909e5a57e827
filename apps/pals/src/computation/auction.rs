//! Auctions with sealed bids.

use etp_function::Reader;

/// A member that there is not, or who is not told.
const NOBODY: u16 = u16::MAX;

/// What the members agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuctionTerms {
    /// The winner pays the second highest bid (Vickrey), not the own one.
    pub is_vickrey: bool,
    /// Lowest price.
    pub reserve: u64,
    /// The member that learns who won and at which price, and whose bid does not count.
    pub auctioneer: Option<u16>,
    /// Whether all learn the price.
    pub is_price_public: bool,
}

/// What a member learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sale {
    /// No bid reached the reserve.
    Unsold,
    /// Somebody else won; the price, if all learn it.
    Lost(Option<u64>),
    /// The member won, at that price.
    Won(u64),
    /// The auctioneer learns who won, and at which price.
    Sold(u16, u64),
}

impl AuctionTerms {
    pub(super) fn read(parameters: &[u8], n: usize) -> Option<Self> {
        let mut reader = Reader::new(parameters);
        let terms = Self {
            is_vickrey: flag(reader.u8()?)?,
            is_price_public: flag(reader.u8()?)?,
            auctioneer: Some(reader.u16()?).filter(|it| *it != NOBODY),
            reserve: reader.u64()?,
        };
        let is_member = terms.auctioneer.is_none_or(|it| usize::from(it) < n);
        (is_member && reader.rest().is_empty()).then_some(terms)
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = vec![self.is_vickrey.into(), self.is_price_public.into()];
        bytes.extend(self.auctioneer.unwrap_or(NOBODY).to_be_bytes());
        bytes.extend(self.reserve.to_be_bytes());
        bytes
    }
}

fn flag(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

impl Sale {
    pub(super) fn read(result: &[u8], terms: &AuctionTerms) -> Option<Self> {
        let mut reader = Reader::new(result);
        let (outcome, winner, price) = (reader.u8()?, reader.u16()?, reader.u64()?);
        let sale = match outcome {
            1 => Self::Unsold,
            2 => Self::Lost(terms.is_price_public.then_some(price)),
            3 => Self::Won(price),
            4 => Self::Sold(winner, price),
            _ => return None,
        };
        reader.rest().is_empty().then_some(sale)
    }
}
