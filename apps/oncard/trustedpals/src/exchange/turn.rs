//! What a member sends in a round: always as many bytes.

use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::plan::SEED_BYTES;
use crate::members::Members;
use crate::party::Content;
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

const ABORT: u8 = 1;
const EMPTY: u8 = 2;
const SETUP: u8 = 4;
const REPORT: u8 = 8;

/// Kind, trusted, known, seed.
pub(super) const HEAD_BYTES: usize = SEED + SEED_BYTES;
const TRUSTED: usize = 1;
const KNOWN: usize = TRUSTED + 4;
const SEED: usize = KNOWN + 4;

impl Turn {
    /// The content of a packet: for all turns of a session as many bytes. Pieces have `piece_bytes` at most.
    pub fn to_bytes(&self, piece_bytes: usize) -> Content {
        let mut bytes = Zeroizing::new(vec![0; HEAD_BYTES + piece_bytes]);
        let kinds = [
            (self.abort, ABORT),
            (self.is_empty, EMPTY),
            (self.setup.is_some(), SETUP),
            (self.report.is_some(), REPORT),
        ];
        let kinds = kinds.iter().filter(|(is_set, _)| *is_set);
        bytes[0] = kinds.map(|(_, kind)| kind).sum();
        if let Some(report) = &self.report {
            bytes[TRUSTED..KNOWN].copy_from_slice(&report.trusted.bits().to_be_bytes());
            bytes[KNOWN..SEED].copy_from_slice(&report.known().bits().to_be_bytes());
        }
        if let Some(Setup { seed, piece }) = &self.setup {
            bytes[SEED..HEAD_BYTES].copy_from_slice(&**seed);
            let len = piece.len().min(piece_bytes);
            bytes[HEAD_BYTES..HEAD_BYTES + len].copy_from_slice(&piece[..len]);
        }
        bytes
    }

    /// Reads a content, of a session of `n` members. `round` is that of the agreement, for a report. `None` if it is
    /// none of this session's.
    pub fn from_bytes(bytes: &[u8], n: usize, piece_bytes: usize, round: u32) -> Option<Self> {
        if bytes.len() != HEAD_BYTES + piece_bytes {
            return None;
        }
        let kind = bytes[0];
        if kind & !(ABORT | EMPTY | SETUP | REPORT) != 0 {
            return None;
        }
        let known = members(bytes, KNOWN)?;
        let report = Report {
            round,
            trusted: members(bytes, TRUSTED)?,
            values: (0..n).map(|it| known.contains(it).then_some(())).collect(),
        };
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        seed.copy_from_slice(&bytes[SEED..HEAD_BYTES]);
        let piece = Zeroizing::new(bytes[HEAD_BYTES..].to_vec());
        let setup = Setup { seed, piece };
        Some(Self {
            abort: kind & ABORT != 0,
            is_empty: kind & EMPTY != 0,
            setup: (kind & SETUP != 0).then_some(setup),
            report: (kind & REPORT != 0).then_some(report),
        })
    }
}

fn members(bytes: &[u8], at: usize) -> Option<Members> {
    let bits = bytes.get(at..at + 4)?.try_into().map(u32::from_be_bytes);
    bits.map(Members::from_bits).ok()
}
