//! The functions that cards compute without a module: what they are told, and what they tell.
//!
//! Integers in inputs and results are big endian.

use alloc::string::String;

use super::Descriptor;
use crate::digest::{Hash, tagged};

/// Engine of the functions here: name and version.
pub const NATIVE_ENGINE: &str = "native 1";
/// Bytes of an input of any of them.
pub const NATIVE_INPUT_BYTES: u32 = 8;

crate::codes::codes! {
    /// A function that is built in.
    pub enum Native: u8, from_u8 {
        /// Sum of inputs of 64 bits with a sign, and how many there are: [`Sum`].
        Sum = 0, "sum";
        /// The largest of inputs of 64 bits without a sign: [`Maximum`].
        Maximum = 1, "maximum";
        /// Sealed bids of 64 bits without a sign, 0 for none; who bids most wins at the price of the second
        /// (Vickrey): [`AuctionResult`].
        Auction = 2, "vickrey-auction";
    }
}

impl Native {
    /// What a descriptor names it by: `H("native"; name)`.
    pub fn hash(self) -> Hash {
        tagged("native", &[&String::from(self.name())])
    }

    /// The function that a descriptor names, if it is one of these.
    pub fn of(descriptor: &Descriptor) -> Option<Self> {
        let is_native = descriptor.engine == NATIVE_ENGINE;
        let mut all = Self::ALL.iter().copied();
        all.find(|it| is_native && it.hash() == descriptor.function)
    }
}

crate::structure! {
    /// Parameters of [`Native::Sum`] and [`Native::Maximum`]: with fewer inputs they tell nothing but how many there
    /// were.
    pub struct Quorum {
        /// Fewest inputs.
        pub inputs_min: u8,
    }

    /// What all members learn of a sum. The mean is sum by count, exactly.
    pub struct Sum {
        /// How many inputs there were.
        pub count: u8,
        /// Two's complement.
        pub sum: Option<[u8; 16]>,
    }

    /// What all members learn of a maximum.
    pub struct Maximum {
        /// How many inputs there were.
        pub count: u8,
        /// The largest.
        pub maximum: Option<u64>,
    }

    /// Parameters of [`Native::Auction`].
    pub struct AuctionTerms {
        /// Lowest price.
        pub reserve: u64,
        /// The member that learns who won and at which price, and whose bid does not count.
        pub auctioneer: Option<u8>,
        /// Whether all learn the price.
        pub is_price_public: bool,
    }

    /// What a member learns of an auction.
    pub struct AuctionResult {
        /// Whether it won.
        pub won: bool,
        /// Who won: for the auctioneer.
        pub winner: Option<u8>,
        /// At which price: for the winner, the auctioneer, and whom the terms say.
        pub price: Option<u64>,
    }
}
