//! What is computed.

use libetp::params::pals::{Descriptor, Member};
use pals::{
    AuctionTerms, COVER_ROUNDS, Compared, Comparison, Computation, Found, Proposal, Quorum, Sale,
    Shipped, TAKE_PART_MIN,
};
use serde::Serialize;

use crate::shell::Result;

/// Nobody may miss a round because the machine is slow: rounds end when all packets are in.
const ROUND_MS: u32 = 20_000;
/// Key figures of a member.
const FIGURES: u64 = 8;

/// A function, with inputs for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Task {
    /// A Vickrey auction.
    Auction,
    /// Key figures compared.
    Benchmark,
}

impl Task {
    pub(super) const ALL: [Self; 2] = [Self::Auction, Self::Benchmark];

    /// Fewer members do not compare anything.
    pub(super) fn members_min(self) -> usize {
        match self {
            Self::Auction => 2,
            Self::Benchmark => TAKE_PART_MIN.into(),
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Auction => "A Vickrey auction",
            Self::Benchmark => "Eight key figures of each member compared",
        }
    }

    pub(super) fn shipped(self) -> Shipped {
        match self {
            Self::Auction => Shipped::Auction,
            Self::Benchmark => Shipped::Benchmark,
        }
    }

    fn computation(self) -> Computation {
        match self {
            Self::Auction => Computation::Auction(AuctionTerms {
                is_vickrey: true,
                reserve: 1,
                auctioneer: None,
                is_price_public: false,
            }),
            Self::Benchmark => Computation::Benchmark(Quorum {
                inputs_min: TAKE_PART_MIN,
            }),
        }
    }

    /// A session of these members.
    pub(super) fn descriptor(self, members: Vec<Member>) -> Descriptor {
        let computation = self.computation();
        let input_bytes = self.input(0).len() as u32;
        let proposal = Proposal {
            grant: computation.grant(members.len(), input_bytes),
            members,
            computation,
            input_bytes,
            min_class: 0,
            corrupt: None,
            cover_rounds: COVER_ROUNDS,
            round_ms: ROUND_MS,
        };
        proposal.descriptor()
    }

    /// What a member gives; the last one most.
    pub(super) fn input(self, at: usize) -> Vec<u8> {
        let number = |figure: u64| (1_000 + at as u64 + 100 * figure).to_be_bytes();
        match self {
            Self::Auction => number(0).into(),
            Self::Benchmark => (0..FIGURES).flat_map(number).collect(),
        }
    }

    /// Whether that is what has to come of it for a member of `n`.
    pub(super) fn check(self, result: &[u8], at: usize, n: usize) -> Result {
        let found = self.computation().found(result, n);
        let is_right = match &found {
            Some(Found::Auction(sale)) => {
                let price = 1_000 + n as u64 - 2;
                let is_winner = at == n - 1;
                *sale
                    == if is_winner {
                        Sale::Won(price)
                    } else {
                        Sale::Lost(None)
                    }
            }
            Some(Found::Benchmark(Compared::Done(comparison))) => {
                let Comparison { members, figures } = comparison;
                let quarter = match at {
                    0 => Some(1),
                    at => (at == n - 1).then_some(4),
                };
                let is_told = |quarter| figures.iter().all(|it| it.quarter == quarter);
                usize::from(*members) == n
                    && figures.len() as u64 == FIGURES
                    && quarter.is_none_or(is_told)
            }
            _ => false,
        };
        match is_right {
            true => Ok(()),
            false => Err(format!("member {at} was told another end: {found:?}")),
        }
    }
}
