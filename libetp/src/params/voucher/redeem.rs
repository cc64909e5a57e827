//! How a voucher leaves for good.

use alloc::vec::Vec;

use super::Vid;
use crate::digest::Hash;

crate::structure! {
    /// Redeems a voucher. Privileged. `signature` has tag `redeem` over [`RedeemBody`], by the redeemer.
    pub struct Redeem {
        /// Which voucher.
        pub vid: Vid,
        /// The redeemer's, fresh.
        pub challenge: [u8; 32],
        /// The redeemer's certificate, DER.
        pub redeemer_certificate: Vec<u8>,
        /// By the redeemer.
        pub signature: [u8; 64],
    }

    /// What the signatures of [`Redeem`] and [`Redeemed`] cover.
    pub struct RedeemBody {
        /// Which voucher.
        pub vid: Vid,
        /// The redeemer's.
        pub challenge: [u8; 32],
        /// Key id of the redeemer.
        pub redeemer: Hash,
    }

    /// The voucher is gone. `signature` has tag `redeemed` over [`RedeemBody`], by the card.
    pub struct Redeemed {
        /// Which voucher.
        pub vid: Vid,
        /// The redeemer's.
        pub challenge: [u8; 32],
        /// Key id of the redeemer.
        pub redeemer: Hash,
        /// By the card; the same at each repetition.
        pub signature: [u8; 64],
        /// The card's certificate, DER.
        pub certificate: Vec<u8>,
    }

    /// The redeemer has it. `signature` has tag `receipt` over [`ReceiptBody`], by the redeemer.
    pub struct RedeemReceipt {
        /// Which voucher.
        pub vid: Vid,
        /// By the redeemer.
        pub signature: [u8; 64],
    }

    /// Gives up on a receipt: the card forgets the redemption and repeats its answer no more. Privileged.
    pub struct ForgetRedemption {
        /// Which voucher.
        pub vid: Vid,
    }

    /// The redemption is forgotten.
    pub struct RedemptionForgotten {
        /// Which voucher.
        pub vid: Vid,
    }

    /// What the signature of [`RedeemReceipt`] covers.
    pub struct ReceiptBody {
        /// Which voucher.
        pub vid: Vid,
        /// The redeemer's.
        pub challenge: [u8; 32],
    }
}

super::super::params!(
    Redeem = REDEEM,
    Redeemed = REDEEMED,
    RedeemReceipt = REDEEM_RECEIPT,
    ForgetRedemption = FORGET_REDEMPTION,
    RedemptionForgotten = REDEMPTION_FORGOTTEN,
);
