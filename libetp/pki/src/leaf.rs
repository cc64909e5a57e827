//! What a certificate says once it is verified.

use libetp::Domain;
use libetp::codec::Encode;
use libetp::digest::Hash;

use crate::error::CertificateError;
use crate::key;
use crate::role::Role;
use crate::subject::Subject;

/// The contents of a verified certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What the key is for.
    pub role: Role,
    /// The key id `K`.
    pub key: Hash,
    /// The Ed25519 public key.
    pub public: [u8; 32],
    /// Whom it names: a card's domain, a host's key id, nobody for other roles.
    pub subject: Subject,
    /// Class of a card: 0 soft, 1 soft with external anti-rollback, 2 attested hardware.
    pub class: u8,
    /// A card's X25519 public key; no other role has one.
    pub agree: Option<[u8; 32]>,
    /// SHA-256 of the code that holds the key, where the scheme states it.
    pub code_hash: Option<Hash>,
    /// The scheme's epoch at the time of issue.
    pub epoch: u64,
    /// Unix time in seconds from which it is valid.
    pub not_before: u64,
    /// Last second in which it is valid, Unix time.
    pub not_after: u64,
}

impl Leaf {
    /// The domain of a card; `None` for other roles.
    pub fn domain(&self) -> Option<Domain> {
        match self.subject {
            Subject::Domain(domain) => Some(domain),
            Subject::Host(_) | Subject::None => None,
        }
    }

    /// Judges the dates at a Unix time in seconds. For those who have a clock.
    ///
    /// # Errors
    /// [`CertificateError::NotYetValid`] or [`CertificateError::Expired`].
    pub fn valid_at(&self, unix_s: u64) -> Result<(), CertificateError> {
        if unix_s < self.not_before {
            return Err(CertificateError::NotYetValid(self.not_before));
        }
        if unix_s > self.not_after {
            return Err(CertificateError::Expired(self.not_after));
        }
        Ok(())
    }

    /// Checks the holder's signature with `tag` over `body`
    /// ([`signature_input`](libetp::digest::signature_input)).
    ///
    /// # Errors
    /// [`CertificateError::Signature`] if it is not the holder's over exactly that.
    pub fn check_signature<B: Encode>(
        &self,
        tag: &str,
        body: &B,
        signature: &[u8; 64],
    ) -> Result<(), CertificateError> {
        key::check_signature(&self.public, tag, body, signature)
    }
}
