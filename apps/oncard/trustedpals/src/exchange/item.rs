//! Whether an item is what it was said to be.

use ed25519_dalek::{SIGNATURE_LENGTH, Signature, VerifyingKey};
use libetp::digest::sha256;
use libetp::params::pals::Description;

use super::plan::PlanError;

/// Whether the item is the described one. Of a signature there is one form only (RFC 8032, with `verify_strict`).
pub fn matches(description: &Description, item: &[u8]) -> bool {
    if u32::try_from(item.len()) != Ok(description.bytes) {
        return false;
    }
    match &description.signer {
        None => sha256(item) == description.hash,
        Some(signer) => is_signature(signer, &description.hash, item),
    }
}

fn is_signature(signer: &[u8; 32], document: &[u8; 32], item: &[u8]) -> bool {
    let signature = Signature::from_slice(item);
    let key = VerifyingKey::from_bytes(signer);
    let verified = key.and_then(|key| key.verify_strict(document, &signature?));
    verified.is_ok()
}

/// What is wrong with a description.
pub(super) enum Fault {
    Length,
    Signer,
}

impl Fault {
    pub(super) fn of(self, member: usize) -> PlanError {
        match self {
            Self::Length => PlanError::Length(member),
            Self::Signer => PlanError::Signer(member),
        }
    }
}

/// Whether there may be an item like that.
pub(super) fn check(description: &Description) -> Result<(), Fault> {
    let Description { bytes, signer, .. } = description;
    match signer {
        None if *bytes > 0 => Ok(()),
        Some(_) if *bytes as usize != SIGNATURE_LENGTH => Err(Fault::Length),
        Some(signer) if is_key(signer) => Ok(()),
        Some(_) => Err(Fault::Signer),
        None => Err(Fault::Length),
    }
}

fn is_key(signer: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(signer).is_ok_and(|key| !key.is_weak())
}
