//! What a session computes: what its function is told beside the inputs, and what it tells.
//!
//! How the bytes are laid out is at the head of each function, in `apps/pals/functions`.

mod auction;
mod benchmark;
mod number;
mod plan;
mod site;

use libetp::digest::Hash;
use libetp::params::pals::Descriptor;
use oncard_function::ENGINE;

pub use auction::{AuctionTerms, Sale};
pub use benchmark::{Compared, Comparison, FIGURES_MAX, Figure, Spread, TAKE_PART_MIN};
pub use number::{Maximum, Quorum, Sum};
pub use plan::{Activities, Amount, Planned, Shape};
pub use site::{NO_LANE, Site, SiteError};

use crate::shipped::Shipped;

/// A function, and what it is told beside the inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Computation {
    /// Who bids most wins.
    Auction(AuctionTerms),
    /// The sum of integers, and their mean.
    Sum(Quorum),
    /// The largest of integers.
    Maximum(Quorum),
    /// How a member's key figures compare with those of all.
    Benchmark(Quorum),
    /// What each site of a supply chain is to do.
    Plan(Shape),
    /// A function that is not shipped.
    Other(Other),
}

/// A function of which only the hash is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// SHA-256 of the module.
    pub function: Hash,
    /// What it is told.
    pub parameters: Vec<u8>,
}

/// A member's part of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Of an auction.
    Auction(Sale),
    /// Of a sum.
    Sum(Sum),
    /// Of a maximum.
    Maximum(Maximum),
    /// Of a benchmark.
    Benchmark(Compared),
    /// Of a plan.
    Plan(Planned),
    /// Of a function that is not shipped.
    Other(Vec<u8>),
}

impl Computation {
    /// What a descriptor names; `None` if a function that is shipped is told something that it does not understand, or
    /// if no card of this version computes it.
    pub fn of(descriptor: &Descriptor) -> Option<Self> {
        let n = descriptor.members.0.len();
        let is_computed = descriptor.engine == ENGINE;
        let computation = || Self::new(descriptor.function, descriptor.parameters.clone(), n);
        is_computed.then(computation).flatten()
    }

    /// A function with that hash, told these parameters, among `n` members; `None` as in [`of`](Self::of).
    pub fn new(function: Hash, parameters: Vec<u8>, n: usize) -> Option<Self> {
        match Shipped::of(&function) {
            Some(shipped) => Self::of_shipped(shipped, &parameters, n),
            None => Some(Self::Other(Other {
                function,
                parameters,
            })),
        }
    }

    fn of_shipped(shipped: Shipped, parameters: &[u8], n: usize) -> Option<Self> {
        match shipped {
            Shipped::Auction => AuctionTerms::read(parameters, n).map(Self::Auction),
            Shipped::Sum => Quorum::read(parameters).map(Self::Sum),
            Shipped::Maximum => Quorum::read(parameters).map(Self::Maximum),
            Shipped::Benchmark => Quorum::read(parameters).map(Self::Benchmark),
            Shipped::Plan => Shape::read(parameters).map(Self::Plan),
        }
    }

    /// Which function, if it is shipped.
    pub fn shipped(&self) -> Option<Shipped> {
        match self {
            Self::Auction(_) => Some(Shipped::Auction),
            Self::Sum(_) => Some(Shipped::Sum),
            Self::Maximum(_) => Some(Shipped::Maximum),
            Self::Benchmark(_) => Some(Shipped::Benchmark),
            Self::Plan(_) => Some(Shipped::Plan),
            Self::Other(_) => None,
        }
    }

    /// By which cards know the function.
    pub fn function(&self) -> Hash {
        match self {
            Self::Other(other) => other.function,
            shipped => shipped.shipped().map_or_else(Hash::default, Shipped::hash),
        }
    }

    /// What the function is told, as a descriptor has it.
    pub fn parameters(&self) -> Vec<u8> {
        match self {
            Self::Auction(terms) => terms.write(),
            Self::Sum(quorum) | Self::Maximum(quorum) | Self::Benchmark(quorum) => quorum.write(),
            Self::Plan(shape) => shape.write(),
            Self::Other(other) => other.parameters.clone(),
        }
    }

    /// Reads what a card tells its owner in a session of `n` members; `None` if that is no result of this function.
    pub fn found(&self, result: &[u8], n: usize) -> Option<Found> {
        match self {
            Self::Auction(terms) => Sale::read(result, terms).map(Found::Auction),
            Self::Sum(_) => Sum::read(result).map(Found::Sum),
            Self::Maximum(_) => Maximum::read(result).map(Found::Maximum),
            Self::Benchmark(_) => Compared::read(result).map(Found::Benchmark),
            Self::Plan(shape) => Planned::read(result, *shape, n).map(Found::Plan),
            Self::Other(_) => Some(Found::Other(result.into())),
        }
    }
}

#[cfg(test)]
mod tests;
