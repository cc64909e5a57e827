//! How a voucher comes into a card.

use alloc::vec::Vec;

use super::{Vid, Voucher};
use crate::digest::Hash;

crate::structure! {
    /// Opens the card for one issue. Privileged.
    pub struct IssueBegin {}

    /// What the issuer must sign.
    pub struct IssueChallenge {
        /// Valid once.
        pub challenge: [u8; 32],
        /// Key id of the card.
        pub card_key: Hash,
    }

    /// Puts a voucher into a card. `signature` has tag `issue` over [`IssueBody`].
    pub struct Issue {
        /// The voucher.
        pub voucher: Voucher,
        /// The issuer's certificate, DER.
        pub issuer_certificate: Vec<u8>,
        /// From [`IssueChallenge`].
        pub challenge: [u8; 32],
        /// By the issuer.
        pub signature: [u8; 64],
    }

    /// What the signature of [`Issue`] covers.
    pub struct IssueBody {
        /// The voucher.
        pub vid: Vid,
        /// Key id of the card that gets it.
        pub card_key: Hash,
        /// The card's challenge.
        pub challenge: [u8; 32],
    }

    /// The voucher is stored.
    pub struct Issued {
        /// Which.
        pub vid: Vid,
    }

    /// Closes an open issue. Privileged.
    pub struct IssueCancel {
        /// From [`IssueChallenge`].
        pub challenge: [u8; 32],
    }

    /// The challenge is gone.
    pub struct IssueCancelled {
        /// From [`IssueChallenge`].
        pub challenge: [u8; 32],
    }
}

super::super::params!(
    IssueBegin = ISSUE_BEGIN,
    IssueChallenge = ISSUE_CHALLENGE,
    Issue = ISSUE,
    Issued = ISSUED,
    IssueCancel = ISSUE_CANCEL,
    IssueCancelled = ISSUE_CANCELLED,
);
