//! What a session computes.

use libetp::codec::{CodecError, from_slice, to_vec};
use libetp::params::pals::{AuctionResult, AuctionTerms, Descriptor, Maximum, Native, Quorum, Sum};

/// A function that every card has, and what it is told beside the inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Computation {
    /// Who bids most wins, at the second highest price.
    Auction(AuctionTerms),
    /// The sum of integers.
    Sum(Quorum),
    /// The largest of integers that are not negative.
    Maximum(Quorum),
}

/// A member's part of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Of an auction.
    Auction(AuctionResult),
    /// Of how many inputs, and what they sum to.
    Sum(u8, Option<i128>),
    /// Of how many inputs, and the largest.
    Maximum(u8, Option<u64>),
}

impl Computation {
    /// What a descriptor names; `None` if it is no function that is known here, or is told something that it does not
    /// understand.
    pub fn of(descriptor: &Descriptor) -> Option<Self> {
        let parameters = descriptor.parameters.as_slice();
        match Native::of(descriptor)? {
            Native::Auction => from_slice(parameters).map(Self::Auction).ok(),
            Native::Sum => from_slice(parameters).map(Self::Sum).ok(),
            Native::Maximum => from_slice(parameters).map(Self::Maximum).ok(),
        }
    }

    /// Which function.
    pub fn native(&self) -> Native {
        match self {
            Self::Auction(_) => Native::Auction,
            Self::Sum(_) => Native::Sum,
            Self::Maximum(_) => Native::Maximum,
        }
    }

    /// What it is told, as a descriptor has it.
    pub fn parameters(&self) -> Vec<u8> {
        match self {
            Self::Auction(terms) => to_vec(terms),
            Self::Sum(quorum) | Self::Maximum(quorum) => to_vec(quorum),
        }
    }

    /// Reads what a card tells its owner.
    ///
    /// # Errors
    /// [`CodecError`] if that is no result of this function.
    pub fn found(&self, result: &[u8]) -> Result<Found, CodecError> {
        match self {
            Self::Auction(_) => from_slice(result).map(Found::Auction),
            Self::Sum(_) => from_slice(result)
                .map(|Sum { count, sum }| Found::Sum(count, sum.map(i128::from_be_bytes))),
            Self::Maximum(_) => {
                from_slice(result).map(|Maximum { count, maximum }| Found::Maximum(count, maximum))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_each_function_are_read_and_those_of_others_not() {
        let sum = Computation::Sum(Quorum { inputs_min: 1 });
        let told = to_vec(&Sum {
            count: 2,
            sum: Some((-5_i128).to_be_bytes()),
        });
        assert_eq!(sum.found(&told), Ok(Found::Sum(2, Some(-5))));
        let maximum = Computation::Maximum(Quorum { inputs_min: 1 });
        assert!(maximum.found(&told).is_err());
        let told = to_vec(&Maximum {
            count: 1,
            maximum: None,
        });
        assert_eq!(maximum.found(&told), Ok(Found::Maximum(1, None)));
        assert!(sum.found(&[]).is_err());
    }
}
