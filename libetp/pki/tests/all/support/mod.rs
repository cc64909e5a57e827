//! A scheme from fixed seeds, and a forge that writes certificates by hand, rule by rule.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "the example that writes the vectors takes its part of this test code"
)]

pub(crate) mod broken;
pub(crate) mod der;
pub(crate) mod forge;
pub(crate) mod vectors;

use ed25519_dalek::SigningKey;
use etp_pki::scheme::{Authority, Request, Seeds};
use etp_pki::{Anchors, Role};
use libetp::digest::tagged;

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: u64 = 1_767_225_600;

/// 32 bytes that follow from words.
pub(crate) fn seed(words: &str) -> [u8; 32] {
    tagged("test-seed/v1", &[&words.to_owned()])
}

/// The key of somebody.
pub(crate) fn key(words: &str) -> SigningKey {
    SigningKey::from_bytes(&seed(words))
}

/// The public half of the key of somebody.
pub(crate) fn public(words: &str) -> [u8; 32] {
    key(words).verifying_key().to_bytes()
}

/// The seeds of a scheme.
pub(crate) fn seeds(scheme: &str) -> Seeds {
    Seeds {
        root: seed(&format!("{scheme} root")),
        intermediates: Role::ALL.map(|role| seed(&format!("{scheme} {role}"))),
    }
}

/// The scheme of that name.
pub(crate) fn authority(scheme: &str) -> Authority {
    Authority::generate(scheme, &seeds(scheme), NOW).unwrap()
}

/// What verifiers in the scheme of that name trust.
pub(crate) fn anchors(scheme: &str) -> Anchors {
    authority(scheme).file().anchors()
}

/// The key of the intermediate of a role.
pub(crate) fn intermediate(scheme: &str, role: Role) -> SigningKey {
    key(&format!("{scheme} {role}"))
}

/// What an ordinary holder of a role asks for. The X25519 key of a card is any 32 bytes here.
pub(crate) fn request(role: Role, words: &str) -> Request {
    match role {
        Role::Card => Request::card(public(words), seed(&format!("{words} agree")), 1),
        Role::Host => Request::host(public(words), 1),
        _ => Request::key(public(words), 1),
    }
}

/// A valid leaf, DER.
pub(crate) fn leaf(scheme: &str, role: Role) -> Vec<u8> {
    let holder = format!("a {role}");
    authority(scheme)
        .issue(role, &request(role, &holder), NOW)
        .unwrap()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Reads hexadecimal digits.
pub(crate) fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
