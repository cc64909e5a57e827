//! Keys, key ids and the domains that follow from keys.

use ed25519_dalek::{Signature, VerifyingKey};
use libetp::Domain;
use libetp::codec::Encode;
use libetp::digest::{Hash, sha256, signature_input, tagged};

use crate::error::CertificateError;

/// DER of an Ed25519 `SubjectPublicKeyInfo` up to the key itself (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0,
];

/// First byte of a self-certified domain.
const SELF_CERTIFIED: u8 = 0x02;

/// The key id `K`: SHA-256 of the `SubjectPublicKeyInfo` of an Ed25519 key.
pub fn key_id(ed25519_public: &[u8; 32]) -> Hash {
    let mut spki = [0; SPKI_PREFIX.len() + 32];
    spki[..SPKI_PREFIX.len()].copy_from_slice(&SPKI_PREFIX);
    spki[SPKI_PREFIX.len()..].copy_from_slice(ed25519_public);
    sha256(&spki)
}

/// The domain that a card's two public keys give it: 0x02, then the first 11 bytes of
/// `H("domain/v1"; sign, agree)`.
pub fn self_certified_domain(sign: &[u8; 32], agree: &[u8; 32]) -> Domain {
    let hash = tagged("domain/v1", &[sign, agree]);
    let mut domain = [SELF_CERTIFIED; Domain::LEN];
    domain[1..].copy_from_slice(&hash[..Domain::LEN - 1]);
    Domain(domain)
}

/// Checks a signature with `tag` over `body` by a key that was certified earlier. Where the
/// certificate is at hand, [`Leaf::check_signature`](crate::Leaf::check_signature) does it.
///
/// # Errors
/// [`CertificateError::Signature`] if it is not the key's over exactly that.
pub fn check_signature<B: Encode>(
    ed25519_public: &[u8; 32],
    tag: &str,
    body: &B,
    signature: &[u8; 64],
) -> Result<(), CertificateError> {
    match check(ed25519_public, &signature_input(tag, body), signature) {
        true => Ok(()),
        false => Err(CertificateError::Signature),
    }
}

/// Whether bytes are a usable Ed25519 public key: on the curve and not of small order.
pub(crate) fn is_usable(public: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(public).is_ok_and(|key| !key.is_weak())
}

/// Whether `signature` is the key's over `message`. Strict: one signature has one encoding.
pub(crate) fn check(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    VerifyingKey::from_bytes(public).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}
