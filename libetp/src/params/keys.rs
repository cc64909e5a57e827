//! Family 05: the card's key service, its ordinary reactive use (Terada et al. 2005, section 4.1).

use alloc::vec::Vec;

use crate::digest::Hash;
use crate::id::EntityId;

crate::structure! {
    /// Has the card sign `data` under tag `keys/sign`. Privileged.
    pub struct Sign {
        /// What is signed, as a byte string.
        pub data: Vec<u8>,
    }

    /// Answer to [`Sign`].
    pub struct Signature {
        /// By the card.
        pub signature: [u8; 64],
        /// The card's certificate, DER.
        pub certificate: Vec<u8>,
    }

    /// Has the card verify another card's signature with tag `keys/sign`.
    pub struct Verify {
        /// What was signed.
        pub data: Vec<u8>,
        /// By the other card.
        pub signature: [u8; 64],
        /// The other card's certificate, DER.
        pub certificate: Vec<u8>,
    }

    /// Answer to [`Verify`].
    pub struct Verified {
        /// Whether certificate and signature hold.
        pub valid: bool,
        /// Key id of the signer, when valid.
        pub key: Option<Hash>,
    }

    /// Asks a card to prove that it holds its key.
    pub struct Challenge {
        /// Fresh, by the asker.
        pub nonce: [u8; 32],
    }

    /// Answer to [`Challenge`]: tag `keys/challenge` over [`ChallengeBody`].
    pub struct ChallengeResponse {
        /// By the card.
        pub signature: [u8; 64],
        /// The card's certificate, DER.
        pub certificate: Vec<u8>,
    }

    /// What the signature of [`ChallengeResponse`] covers.
    pub struct ChallengeBody {
        /// The asker's.
        pub nonce: [u8; 32],
        /// Who asked.
        pub asker: EntityId,
    }
}

super::params!(
    Sign = SIGN,
    Signature = SIGNATURE,
    Verify = VERIFY,
    Verified = VERIFIED,
    Challenge = CHALLENGE,
    ChallengeResponse = CHALLENGE_RESPONSE,
);
