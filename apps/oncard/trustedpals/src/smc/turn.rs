//! What a member says in a round: always as many bytes.

use alloc::vec;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::members::Members;
use crate::uic::Report;

/// An input, padded to the length of the session.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(pub Zeroizing<Vec<u8>>);

impl core::fmt::Debug for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Value(..)")
    }
}

/// The content of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The sender halted: the packet counts as not received.
    Empty,
    /// A round without values: whom the sender trusts.
    Cover(Members),
    /// The sender's part of the agreement.
    Report(Report<Value>),
}

/// Kind, trusted, known.
pub(super) const HEAD_BYTES: usize = 1 + 4 + 4;

const EMPTY: u8 = 0;
const COVER: u8 = 1;
const REPORT: u8 = 2;

impl Turn {
    /// The content of a packet: for all turns of a session as many bytes.
    pub fn to_bytes(&self, n: usize, value_bytes: usize) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(vec![0; HEAD_BYTES + n * value_bytes]);
        let (kind, trusted) = match self {
            Self::Empty => (EMPTY, Members::NONE),
            Self::Cover(trusted) => (COVER, *trusted),
            Self::Report(report) => (REPORT, report.trusted),
        };
        bytes[0] = kind;
        bytes[1..5].copy_from_slice(&trusted.bits().to_be_bytes());
        if let Self::Report(report) = self {
            bytes[5..9].copy_from_slice(&report.known().bits().to_be_bytes());
            for (member, value) in report.values.iter().enumerate() {
                let at = HEAD_BYTES + member * value_bytes;
                if let Some(value) = value {
                    bytes[at..at + value_bytes].copy_from_slice(&value.0);
                }
            }
        }
        bytes
    }

    /// Reads a content. `round` is that of the agreement, for a report. `None` if it is none of this session's.
    pub fn from_bytes(bytes: &[u8], n: usize, value_bytes: usize, round: u32) -> Option<Self> {
        if bytes.len() != HEAD_BYTES + n * value_bytes {
            return None;
        }
        let (head, values) = bytes.split_at(HEAD_BYTES);
        let members = |at: usize| {
            let bits = head[at..at + 4].try_into().map(u32::from_be_bytes);
            bits.map(Members::from_bits).ok()
        };
        let (trusted, known) = (members(1)?, members(5)?);
        let value = |member: usize| {
            let value = &values[member * value_bytes..(member + 1) * value_bytes];
            known
                .contains(member)
                .then(|| Value(Zeroizing::new(value.to_vec())))
        };
        match head[0] {
            EMPTY => Some(Self::Empty),
            COVER => Some(Self::Cover(trusted)),
            REPORT => Some(Self::Report(Report {
                round,
                trusted,
                values: (0..n).map(value).collect(),
            })),
            _ => None,
        }
    }
}
