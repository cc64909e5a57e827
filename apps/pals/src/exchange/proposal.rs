//! The descriptor of an exchange, of what its first member chooses.

use libetp::codec::{List, to_vec};
use libetp::digest::SUITE;
use libetp::params::pals::{Description, Descriptor, EXCHANGE_ENGINE, ExchangeTerms, Member};
use oncard_trustedpals::exchange::SETUP_ROUNDS_MAX;

use crate::proposal::{DRIFT_PPM, SHARE_PERCENT};

/// Among how many rounds the agreement's beginning is drawn, unless somebody says otherwise: odds of 1 % at worst.
pub const SLOTS: u32 = 300;

/// Bytes of an item that go in a round, if there are as many rounds.
const PIECE_BYTES: u32 = 1_024;
const MILLION: u64 = 1_000_000;

/// What the first member chooses.
#[derive(Clone, Debug)]
pub struct ExchangeProposal {
    /// All members, the one who proposes first.
    pub members: Vec<Member>,
    /// What each gives.
    pub items: Vec<Description>,
    /// Lowest class of a member's card.
    pub min_class: u8,
    /// How many members' hosts may be corrupt; all others', if it is not said.
    pub corrupt: Option<u8>,
    /// Among how many rounds the agreement's beginning is drawn.
    pub slots: u32,
    /// The length of a round.
    pub round_ms: u32,
}

impl ExchangeProposal {
    /// The descriptor. Cards refuse one that promises nothing; `oncard_trustedpals::session::Terms` says so before.
    pub fn descriptor(self) -> Descriptor {
        let all_others = self.members.len().saturating_sub(1);
        let most = u8::try_from(all_others).unwrap_or(u8::MAX);
        let longest = self.items.iter().map(|item| item.bytes).max().unwrap_or(0);
        let setup_rounds = longest.div_ceil(PIECE_BYTES).clamp(1, SETUP_ROUNDS_MAX);
        let rounds = u64::from(setup_rounds) + u64::from(self.slots) + all_others as u64 / 2 + 1;
        let share_ms = share_ms(self.round_ms, rounds);
        Descriptor {
            suite: SUITE,
            function: ExchangeTerms::function(),
            parameters: to_vec(&ExchangeTerms {
                slots: self.slots,
                setup_rounds,
                items: List(self.items),
            }),
            engine: EXCHANGE_ENGINE.into(),
            fuel: 1,
            slice: 1,
            memory_bytes: 0,
            members: List(self.members),
            min_class: self.min_class,
            code_hash: None,
            corrupt: self.corrupt.unwrap_or(most),
            input_bytes: longest,
            cover_rounds: 0,
            round_ms: self.round_ms,
            start_skew_ms: share_ms,
            delay_ms: share_ms,
            drift_ppm: DRIFT_PPM,
        }
    }
}

/// Half of what so many rounds leave of each for other things than clocks that drift, and no more than usual.
fn share_ms(round_ms: u32, rounds: u64) -> u32 {
    let drifting = (2 * rounds + 3) * u64::from(DRIFT_PPM);
    let left = MILLION.saturating_sub(drifting) * u64::from(round_ms) / MILLION / 2;
    let usual = u64::from(round_ms / 100 * SHARE_PERCENT);
    // No longer than a round.
    left.min(usual) as u32
}

#[cfg(test)]
mod tests {
    use libetp::EntityId;
    use oncard_trustedpals::MEMBERS_MAX;
    use oncard_trustedpals::session::{Plan, Terms};

    use super::*;
    use crate::{DescriptionWord, ROUND_MS};

    fn descriptor(n: usize, slots: u32, bytes: usize) -> Descriptor {
        let member = |at: u8| Member {
            key: [at; 32],
            program: EntityId::from_bytes([at; 16]),
        };
        let mut items = vec![DescriptionWord::of_bytes(&[1]).0; n];
        items[n - 1] = DescriptionWord::of_bytes(&vec![1; bytes]).0;
        let proposal = ExchangeProposal {
            members: (1..=n as u8).map(member).collect(),
            items,
            min_class: 0,
            corrupt: None,
            slots,
            round_ms: ROUND_MS,
        };
        proposal.descriptor()
    }

    /// Up to as many slots as clocks that drift leave any time in.
    #[test]
    fn cards_take_what_is_proposed_for_few_and_for_many_members_and_slots() {
        for (n, slots, bytes) in [
            (2, 2, 1),
            (2, SLOTS, 1_024),
            (3, SLOTS, 1_025),
            (4, 400, 40_000),
            (5, 1_000, 9),
            (2, 2_400, 9),
            (MEMBERS_MAX, SLOTS, 7),
        ] {
            let descriptor = descriptor(n, slots, bytes);
            assert_eq!(usize::from(descriptor.corrupt), n - 1);
            let terms = Terms::new(descriptor, &[1; 32]).unwrap();
            let Plan::Exchange(plan) = terms.plan() else {
                panic!("an exchange");
            };
            assert!(plan.piece_bytes() <= PIECE_BYTES as usize);
            assert_eq!(plan.odds().slots, slots);
        }
        assert!(Terms::new(descriptor(2, 2_600, 9), &[1; 32]).is_err());
    }
}
