//! What the owner knows, the PIN and the PUK, and their verifiers: a MAC, under a key derived from
//! the key at rest, over Argon2id(PIN).
//!
//! Without the key at rest a verifier tells nothing about the PIN. With it (`at-rest: none`, or
//! a thief of both) each guess costs one Argon2id.

use argon2::{Algorithm, Argon2, Params, Version};
use libetp::limits::{PIN_BYTES_MAX, PIN_BYTES_MIN};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::entropy::{Secret, derive};
use crate::error::CardError;
use crate::limits::{PIN_MEMORY_KIB_MAX, PIN_PASSES_MAX, PIN_TRIES, PUK_TRIES};
use crate::records::{self, PinRecord, Record};
use crate::store::Store;

/// What a new card's owner knows.
#[derive(Clone, Copy)]
pub struct OwnerSecrets<'a> {
    /// The PIN: 4 to 64 bytes.
    pub pin: &'a [u8],
    /// Sets a new PIN when the old one is blocked or forgotten: 4 to 64 bytes. `None`: a card
    /// whose PIN is blocked stays so.
    pub puk: Option<&'a [u8]>,
}

impl core::fmt::Debug for OwnerSecrets<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OwnerSecrets(..)")
    }
}

impl<'a> From<&'a [u8]> for OwnerSecrets<'a> {
    /// A PIN without a PUK.
    fn from(pin: &'a [u8]) -> Self {
        Self { pin, puk: None }
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for OwnerSecrets<'a> {
    /// A PIN without a PUK.
    fn from(pin: &'a [u8; N]) -> Self {
        Self::from(&pin[..])
    }
}

/// How often the owner's secrets may still be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriesLeft {
    /// Of the PIN, before it blocks.
    pub pin: u8,
    /// Of the PUK, before the card blocks for good; `None` if it has none.
    pub puk: Option<u8>,
}

impl TriesLeft {
    pub(crate) fn load(store: &dyn Store) -> Result<Self, CardError> {
        Ok(Self {
            pin: records::required(records::TRIES.load(store)?)?,
            puk: records::PUK_TRIES.load(store)?,
        })
    }
}

/// Which of the owner's secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Pin,
    Puk,
}

impl Kind {
    /// Where its verifier is.
    pub(crate) fn verifier(self) -> Record {
        match self {
            Self::Pin => records::PIN,
            Self::Puk => records::PUK,
        }
    }

    /// Where its tries left are.
    pub(crate) fn tries(self) -> Record {
        match self {
            Self::Pin => records::TRIES,
            Self::Puk => records::PUK_TRIES,
        }
    }

    /// Its tries when it was right.
    pub(crate) fn tries_max(self) -> u8 {
        match self {
            Self::Pin => PIN_TRIES,
            Self::Puk => PUK_TRIES,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Pin => "pin/v1",
            Self::Puk => "puk/v1",
        }
    }
}

/// What one try of a PIN costs (Argon2id, RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinCost {
    /// Memory in KiB, 8 to [`PIN_MEMORY_KIB_MAX`].
    pub memory_kib: u32,
    /// Passes over it, 1 to [`PIN_PASSES_MAX`].
    pub passes: u32,
}

impl PinCost {
    /// 19 MiB, two passes: for cards that run on a host.
    pub const STANDARD: Self = Self {
        memory_kib: 19_456,
        passes: 2,
    };
    /// What the algorithm allows at least: for tests, and for elements that cannot be read.
    pub const LEAST: Self = Self {
        memory_kib: 8,
        passes: 1,
    };
}

impl Default for PinCost {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// Whether a card takes a PIN: for those who ask for one before they make the card.
///
/// # Errors
/// [`CardError::PinLength`].
pub fn check_pin(pin: &[u8]) -> Result<(), CardError> {
    match (PIN_BYTES_MIN..=PIN_BYTES_MAX).contains(&pin.len()) {
        true => Ok(()),
        false => Err(CardError::PinLength),
    }
}

/// Makes the verifier of a PIN or PUK.
pub(crate) fn enrol(
    kind: Kind,
    at_rest: &[u8; 32],
    pin: &[u8],
    cost: PinCost,
    salt: [u8; 32],
) -> Result<PinRecord, CardError> {
    check_pin(pin)?;
    let mut record = PinRecord {
        memory_kib: cost.memory_kib,
        passes: cost.passes,
        salt,
        verifier: [0; 32],
    };
    record.verifier = *verifier(kind, at_rest, pin, &record)?;
    Ok(record)
}

/// Whether the PIN or PUK is the one that the record verifies; in constant time.
pub(crate) fn matches(
    kind: Kind,
    at_rest: &[u8; 32],
    pin: &[u8],
    record: &PinRecord,
) -> Result<bool, CardError> {
    let found = verifier(kind, at_rest, pin, record)?;
    Ok(found.ct_eq(&record.verifier).into())
}

fn verifier(
    kind: Kind,
    at_rest: &[u8; 32],
    pin: &[u8],
    record: &PinRecord,
) -> Result<Secret, CardError> {
    if record.memory_kib > PIN_MEMORY_KIB_MAX || record.passes > PIN_PASSES_MAX {
        return Err(CardError::PinCost);
    }
    let params = Params::new(record.memory_kib, record.passes, 1, Some(32))
        .map_err(|_| CardError::PinCost)?;
    let mut hash = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(pin, &record.salt, &mut hash[..])
        .map_err(|_| CardError::PinCost)?;
    Ok(derive(at_rest, kind.label(), &*hash))
}
