//! Private keys at rest.
//!
//! The key at rest is the device key that whoever powers the card up holds outside the card's
//! store. Without one it is a random key inside the store: then nothing is protected at rest, and
//! the host says so (`at-rest: none`). Either way the private keys are sealed with
//! ChaCha20-Poly1305 under a key derived from it, bound to the identity record.

use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use zeroize::Zeroizing;

use crate::entropy::{Secret, derive};
use crate::error::CardError;

/// The card's private keys.
pub(crate) struct Secrets {
    /// Seed of the Ed25519 key.
    pub(crate) sign: Secret,
    /// The X25519 key.
    pub(crate) agree: Secret,
    /// Key of what is fresh.
    pub(crate) fresh: Secret,
}

impl Secrets {
    const LEN: usize = 96;

    fn to_bytes(&self) -> Zeroizing<[u8; Self::LEN]> {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        let parts = [&self.sign, &self.agree, &self.fresh];
        for (chunk, part) in bytes.chunks_exact_mut(32).zip(parts) {
            chunk.copy_from_slice(&part[..]);
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (parts, []) = bytes.as_chunks::<32>() else {
            return None;
        };
        let [sign, agree, fresh] = parts else {
            return None;
        };
        let secret = |part: &[u8; 32]| Zeroizing::new(*part);
        Some(Self {
            sign: secret(sign),
            agree: secret(agree),
            fresh: secret(fresh),
        })
    }
}

/// What is sealed; each under a key of its own.
#[derive(Clone, Copy)]
pub(crate) enum Sealed {
    /// The card's [`Secrets`].
    Secrets,
    /// The seed of a service's key.
    Service,
}

impl Sealed {
    fn label(self) -> &'static str {
        match self {
            Self::Secrets => "seal/v1",
            Self::Service => "seal-service/v1",
        }
    }

    /// One key seals once: the salt in `identity` is random, so the nonce may be constant.
    fn cipher(self, at_rest: &[u8; 32], identity: &[u8]) -> ChaCha20Poly1305 {
        let key = derive(at_rest, self.label(), identity);
        ChaCha20Poly1305::new(&Key::from(*key))
    }

    /// Seals at most a hundred bytes, bound to the encoded identity record.
    pub(crate) fn seal(self, at_rest: &[u8; 32], identity: &[u8], secret: &[u8]) -> Vec<u8> {
        let payload = Payload {
            msg: secret,
            aad: identity,
        };
        self.cipher(at_rest, identity)
            .encrypt(&Nonce::default(), payload)
            .expect("a hundred bytes are within the cipher's limit")
    }

    /// Opens what [`seal`](Self::seal) made.
    ///
    /// # Errors
    /// [`CardError::DeviceKey`] under another key, or if either record was altered.
    pub(crate) fn open(
        self,
        at_rest: &[u8; 32],
        identity: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let payload = Payload {
            msg: sealed,
            aad: identity,
        };
        self.cipher(at_rest, identity)
            .decrypt(&Nonce::default(), payload)
            .map(Zeroizing::new)
            .map_err(|_| CardError::DeviceKey)
    }
}

/// Seals private keys, bound to the encoded identity record.
pub(crate) fn seal(at_rest: &[u8; 32], identity: &[u8], secrets: &Secrets) -> Vec<u8> {
    Sealed::Secrets.seal(at_rest, identity, &secrets.to_bytes()[..])
}

/// Opens what [`seal`] made.
///
/// # Errors
/// [`CardError::DeviceKey`] under another key, or if either record was altered.
pub(crate) fn open(
    at_rest: &[u8; 32],
    identity: &[u8],
    sealed: &[u8],
) -> Result<Secrets, CardError> {
    let bytes = Sealed::Secrets.open(at_rest, identity, sealed)?;
    Secrets::from_bytes(&bytes).ok_or(CardError::Damaged("secrets"))
}
