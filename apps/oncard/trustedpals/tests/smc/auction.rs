//! A sealed-bid auction: the highest bid wins at the price of the second highest (Vickrey).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use oncard_trustedpals::smc::{Function, Trap, Work};
use zeroize::Zeroizing;

/// Slices that it takes.
pub(crate) const SLICES: u32 = 3;

pub(crate) type Bytes = Zeroizing<Vec<u8>>;

pub(crate) fn bid(amount: u64) -> Bytes {
    Zeroizing::new(amount.to_be_bytes().to_vec())
}

/// What member `me` learns: the price if it won, 0 if not.
pub(crate) fn result(bids: &[Option<u64>], me: usize) -> u64 {
    let mut ranked: Vec<(u64, usize)> = bids
        .iter()
        .enumerate()
        .filter_map(|(member, bid)| bid.map(|bid| (bid, member)))
        .collect();
    // The first of equal bids wins.
    ranked.sort_by_key(|(bid, member)| (std::cmp::Reverse(*bid), *member));
    let price = ranked.get(1).map_or(0, |(bid, _)| *bid);
    match ranked.first() {
        Some((_, winner)) if *winner == me => price,
        _ => 0,
    }
}

/// Counts its slices, of all members together.
#[derive(Clone, Default)]
pub(crate) struct Auction {
    pub(crate) slices: Arc<AtomicU32>,
}

struct Counting {
    bids: Vec<Option<u64>>,
    me: usize,
    slices: u32,
    all: Arc<AtomicU32>,
}

impl Function for Auction {
    fn begin(&self, inputs: &[Option<Bytes>], me: usize) -> Box<dyn Work> {
        let amount = |bytes: &Bytes| u64::from_be_bytes(bytes[..].try_into().unwrap());
        let bids = inputs.iter().map(|it| it.as_ref().map(amount)).collect();
        let (slices, all) = (0, Arc::clone(&self.slices));
        Box::new(Counting {
            bids,
            me,
            slices,
            all,
        })
    }
}

impl Work for Counting {
    fn slice(&mut self) {
        self.slices += 1;
        self.all.fetch_add(1, Ordering::Relaxed);
    }

    fn finish(self: Box<Self>) -> Result<Bytes, Trap> {
        match self.slices < SLICES {
            true => Err(Trap),
            false => Ok(bid(result(&self.bids, self.me))),
        }
    }
}
