//! Certificates of a TENeT scheme: who may do what, said by X.509.
//!
//! A scheme has one root, one intermediate per [`Role`] and leaves. A leaf carries exactly one
//! role, and every verification names the role it demands: [`verify`] reduces the chain to one
//! signature by that role's intermediate, whose key is pinned in [`Anchors`]. Cards and hosts run
//! this same code; it is `no_std`, has no clock and bounds what it reads.
//!
//! Feature `issue` adds [`scheme`], which makes schemes and issues certificates.
//!
//! The format is documented in `docs/protocol/certificates.md`.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod attributes;
mod error;
mod extensions;
mod key;
mod leaf;
mod read;
mod role;
#[cfg(feature = "issue")]
pub mod scheme;
mod subject;

use libetp::codec::List;

pub use error::CertificateError;
pub use key::{check_signature, key_id, self_certified_domain};
pub use leaf::Leaf;
pub use role::Role;
pub use subject::Subject;

libetp::structure! {
    /// What a verifier trusts: the keys of a scheme's role intermediates.
    pub struct Anchors {
        /// Ed25519 public keys, in the order of [`Role::ALL`].
        pub intermediates: List<[u8; 32]>,
    }
}

impl Anchors {
    /// The key of a role's intermediate.
    pub fn of(&self, role: Role) -> Option<&[u8; 32]> {
        self.intermediates.0.get(role as usize)
    }
}

/// Verifies a certificate for one role. Dates are not looked at: cards have no clock, and hosts
/// call [`Leaf::valid_at`].
///
/// # Errors
/// [`CertificateError`] naming the first rule that the certificate breaks.
pub fn verify(der: &[u8], role: Role, anchors: &Anchors) -> Result<Leaf, CertificateError> {
    let unverified = read::read(der)?;
    let found = unverified.leaf.role;
    if found != role {
        return Err(CertificateError::WrongRole {
            required: role,
            found,
        });
    }
    let anchor = anchors.of(role).ok_or(CertificateError::NoAnchor(role))?;
    match key::check(anchor, &unverified.signed, &unverified.signature) {
        true => Ok(unverified.leaf),
        false => Err(CertificateError::Issuer(role)),
    }
}
