//! The descriptor of a session, of what its first member chooses.

use libetp::codec::List;
use libetp::digest::SUITE;
use libetp::params::pals::{Descriptor, Member};
use oncard_function::ENGINE;

use crate::{Computation, Grant};

/// Rounds before the agreement, unless somebody says otherwise.
pub const COVER_ROUNDS: u32 = 2;
/// The length of a round in milliseconds, unless somebody says otherwise: messages between distant hosts take a
/// tenth of it.
pub const ROUND_MS: u32 = 2_000;

/// How much of a round is for members that see the start at different times, and as much again for messages on their
/// way, in percent. What remains is for clocks that drift.
pub(crate) const SHARE_PERCENT: u32 = 40;
/// By how many millionths a clock may be wrong: twice what quartz in computers is at worst.
pub(crate) const DRIFT_PPM: u32 = 200;

/// What the first member chooses.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// All members, the one who proposes first.
    pub members: Vec<Member>,
    /// What is computed.
    pub computation: Computation,
    /// What it may spend.
    pub grant: Grant,
    /// Length of every input.
    pub input_bytes: u32,
    /// Lowest class of a member's card.
    pub min_class: u8,
    /// How many members' hosts may be corrupt; the most that are possible, if it is not said.
    pub corrupt: Option<u8>,
    /// Rounds before the agreement.
    pub cover_rounds: u32,
    /// The length of a round.
    pub round_ms: u32,
}

impl Proposal {
    /// The descriptor. Cards refuse one that is outside the proofs; `oncard_trustedpals::session::Terms` says so
    /// before.
    pub fn descriptor(self) -> Descriptor {
        let fewer_than_half = self.members.len().saturating_sub(1) / 2;
        let most = u8::try_from(fewer_than_half).unwrap_or(u8::MAX);
        let share_ms = self.round_ms / 100 * SHARE_PERCENT;
        Descriptor {
            suite: SUITE,
            function: self.computation.function(),
            parameters: self.computation.parameters(),
            engine: ENGINE.into(),
            fuel: self.grant.fuel,
            slice: self.grant.slice,
            memory_bytes: self.grant.memory_bytes,
            members: List(self.members),
            min_class: self.min_class,
            code_hash: None,
            corrupt: self.corrupt.unwrap_or(most),
            input_bytes: self.input_bytes,
            cover_rounds: self.cover_rounds,
            round_ms: self.round_ms,
            start_skew_ms: share_ms,
            delay_ms: share_ms,
            drift_ppm: DRIFT_PPM,
        }
    }
}

#[cfg(test)]
mod tests {
    use libetp::EntityId;
    use oncard_trustedpals::MEMBERS_MAX;
    use oncard_trustedpals::session::Terms;

    use super::*;
    use crate::{AuctionTerms, Other, Quorum, Shape};

    fn proposal(n: usize, computation: Computation) -> Proposal {
        let member = |at: u8| Member {
            key: [at; 32],
            program: EntityId::from_bytes([at; 16]),
        };
        Proposal {
            members: (1..=n as u8).map(member).collect(),
            grant: computation.grant(n, 64),
            computation,
            input_bytes: 64,
            min_class: 0,
            corrupt: None,
            cover_rounds: COVER_ROUNDS,
            round_ms: ROUND_MS,
        }
    }

    #[test]
    fn cards_take_what_is_proposed_for_few_and_for_many_members() {
        let computations = [
            Computation::Auction(AuctionTerms {
                is_vickrey: true,
                reserve: 5,
                auctioneer: Some(1),
                is_price_public: false,
            }),
            Computation::Sum(Quorum { inputs_min: 2 }),
            Computation::Maximum(Quorum { inputs_min: 2 }),
            Computation::Benchmark(Quorum { inputs_min: 5 }),
            Computation::Plan(Shape {
                products: 2,
                periods: 1,
            }),
            Computation::Other(Other {
                function: [7; 32],
                parameters: vec![1, 2, 3],
            }),
        ];
        for (n, corrupt) in [(2, 0), (3, 1), (4, 1), (5, 2), (MEMBERS_MAX, 15)] {
            for computation in &computations {
                let descriptor = proposal(n, computation.clone()).descriptor();
                assert_eq!(descriptor.corrupt, corrupt);
                assert_eq!(Computation::of(&descriptor).as_ref(), Some(computation));
                Terms::new(descriptor, &[1; 32]).unwrap();
            }
        }
    }

    /// As few rounds as there may be: one to compute in, but for plans.
    #[test]
    fn what_needs_little_is_computed_in_one_round() {
        let sum = Computation::Sum(Quorum { inputs_min: 1 });
        let descriptor = proposal(MEMBERS_MAX, sum).descriptor();
        assert_eq!(descriptor.fuel, descriptor.slice);
        let shape = Shape {
            products: 1,
            periods: 2,
        };
        let plan = proposal(MEMBERS_MAX, Computation::Plan(shape)).descriptor();
        assert!(plan.fuel > plan.slice);
    }
}
