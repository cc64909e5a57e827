//! The two keys of a card, made by the card and certified by a scheme.

use std::fmt;

use ed25519_dalek::SigningKey;
use libetp::Domain;
use libetp::digest::Hash;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::error::{SoftCardError, random};

/// The private keys of a card to be. Erased when dropped, and never printed.
pub struct KeyPair {
    pub(crate) sign: Zeroizing<[u8; 32]>,
    pub(crate) agree: Zeroizing<[u8; 32]>,
}

/// What a scheme certifies of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKeys {
    /// The Ed25519 key that signs.
    pub sign: [u8; 32],
    /// The X25519 key that authentication runs against.
    pub agree: [u8; 32],
}

impl KeyPair {
    /// New keys from the system's randomness.
    ///
    /// # Errors
    /// [`SoftCardError::Random`] if there is none.
    pub fn generate() -> Result<Self, SoftCardError> {
        Ok(Self {
            sign: random()?,
            agree: random()?,
        })
    }

    /// The public halves.
    pub fn public(&self) -> PublicKeys {
        PublicKeys {
            sign: SigningKey::from_bytes(&self.sign)
                .verifying_key()
                .to_bytes(),
            agree: PublicKey::from(&StaticSecret::from(*self.agree)).to_bytes(),
        }
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyPair").field(&self.public()).finish()
    }
}

impl PublicKeys {
    /// The domain that these keys give the card.
    pub fn domain(&self) -> Domain {
        etp_pki::self_certified_domain(&self.sign, &self.agree)
    }

    /// The card's key id `K`.
    pub fn key_id(&self) -> Hash {
        etp_pki::key_id(&self.sign)
    }
}
