//! Hashes and signature inputs with domain separation.
//!
//! `H(tag; x..)` is SHA-256 of the encoding of `[tag, suite, x..]`; a signature covers the
//! encoding of `["sig/v1", suite, tag, body]`. Never is a bare concatenation hashed.

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use crate::codec::{Encode, Encoder, open_structure};

/// The suite of algorithms that this version speaks: Ed25519, X25519, SHA-256, ChaCha20-Poly1305.
pub const SUITE: u8 = 1;

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// SHA-256 of bytes that are a canonical encoding already.
pub fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// `H(tag; fields..)`.
pub fn tagged(tag: &str, fields: &[&dyn Field]) -> Hash {
    let mut to = Encoder::new(Vec::new());
    open_structure(&mut to, fields.len() as u64 + 2);
    tag.encode(&mut to);
    SUITE.encode(&mut to);
    fields.iter().for_each(|field| field.write(&mut to));
    sha256(&to.into_writer())
}

/// The bytes that a signature with `tag` over `body` covers.
pub fn signature_input(tag: &str, body: &(impl Encode + ?Sized)) -> Vec<u8> {
    let mut to = Encoder::new(Vec::new());
    open_structure(&mut to, 4);
    "sig/v1".encode(&mut to);
    SUITE.encode(&mut to);
    tag.encode(&mut to);
    body.encode(&mut to);
    to.into_writer()
}

/// One hashed field; every [`Encode`] is one.
pub trait Field {
    /// Appends the encoding.
    fn write(&self, to: &mut Encoder);
}

impl<T: Encode> Field for T {
    fn write(&self, to: &mut Encoder) {
        self.encode(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_can_not_be_shifted() {
        let ab_c = tagged("t", &[&alloc::vec![1u8, 2], &alloc::vec![3u8]]);
        let a_bc = tagged("t", &[&alloc::vec![1u8], &alloc::vec![2u8, 3]]);
        assert_ne!(ab_c, a_bc);
        assert_ne!(tagged("t", &[&1u8]), tagged("u", &[&1u8]));
    }
}
