//! The functions that come with this program.

use libetp::digest::{Hash, sha256};

/// One of them: a module in `apps/pals/functions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shipped {
    /// An auction with sealed bids.
    Auction,
    /// Sum and mean.
    Sum,
    /// The greatest number.
    Maximum,
    /// Key figures compared.
    Benchmark,
    /// The plan of a supply chain.
    Plan,
}

macro_rules! module {
    ($name:literal) => {
        include_bytes!(concat!("../functions/", $name, "/", $name, ".wasm"))
    };
}

impl Shipped {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Auction,
        Self::Sum,
        Self::Maximum,
        Self::Benchmark,
        Self::Plan,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auction => "auction",
            Self::Sum => "sum",
            Self::Maximum => "maximum",
            Self::Benchmark => "benchmark",
            Self::Plan => "plan",
        }
    }

    /// The module.
    pub fn module(self) -> &'static [u8] {
        match self {
            Self::Auction => module!("auction"),
            Self::Sum => module!("sum"),
            Self::Maximum => module!("maximum"),
            Self::Benchmark => module!("benchmark"),
            Self::Plan => module!("plan"),
        }
    }

    /// By which cards know it.
    pub fn hash(self) -> Hash {
        sha256(self.module())
    }

    /// The one that cards know by that hash.
    pub fn of(hash: &Hash) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.hash() == *hash)
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}
