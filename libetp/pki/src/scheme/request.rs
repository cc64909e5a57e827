//! What is to be certified.

use libetp::digest::Hash;

use crate::key::{key_id, self_certified_domain};
use crate::scheme::LEAF_VALID_DAYS;
use crate::subject::Subject;

/// What a leaf is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The Ed25519 public key.
    pub public: [u8; 32],
    /// A card's X25519 public key.
    pub agree: Option<[u8; 32]>,
    /// Whom it names.
    pub subject: Subject,
    /// Class of a card.
    pub class: u8,
    /// SHA-256 of the code that holds the key.
    pub code_hash: Option<Hash>,
    /// The scheme's epoch.
    pub epoch: u64,
    /// Days for which it is valid.
    pub valid_days: u32,
}

impl Request {
    /// A key without a name: for issuers, redeemers, services and off-card programs.
    pub fn key(public: [u8; 32], epoch: u64) -> Self {
        Self {
            public,
            agree: None,
            subject: Subject::None,
            class: 0,
            code_hash: None,
            epoch,
            valid_days: LEAF_VALID_DAYS,
        }
    }

    /// A host's TLS key, named by its key id.
    pub fn host(public: [u8; 32], epoch: u64) -> Self {
        Self {
            subject: Subject::Host(key_id(&public)),
            ..Self::key(public, epoch)
        }
    }

    /// A card of class 0 with its two keys and the domain that follows from them.
    pub fn card(sign: [u8; 32], agree: [u8; 32], epoch: u64) -> Self {
        Self {
            agree: Some(agree),
            subject: Subject::Domain(self_certified_domain(&sign, &agree)),
            ..Self::key(sign, epoch)
        }
    }
}
