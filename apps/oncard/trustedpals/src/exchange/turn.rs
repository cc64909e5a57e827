//! What a member sends in a round.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::terms::SEED_BYTES;
use crate::uic::Report;

/// The content of one packet. Packets have the same size whatever is in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// The sender refuses.
    pub abort: bool,
    /// The sender halted: the packet counts as not received.
    pub is_empty: bool,
    /// Seed and a piece of the item, in the first rounds.
    pub setup: Option<Setup>,
    /// The sender's part of the agreement, in its rounds.
    pub report: Option<Report<()>>,
}

/// What a member puts in.
#[derive(Clone, PartialEq, Eq)]
pub struct Setup {
    /// Its contribution to the secret slot; the same in each of the rounds.
    pub seed: Zeroizing<[u8; SEED_BYTES]>,
    /// The piece of this round.
    pub piece: Zeroizing<Vec<u8>>,
}

impl core::fmt::Debug for Setup {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Setup").finish_non_exhaustive()
    }
}
