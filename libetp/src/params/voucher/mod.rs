//! Family 02: vouchers and their fair exchange.
//!
//! A voucher is (issuer, promise, holder) (RFC 3506); the holder is the card that stores it. The
//! exchange is that of Terada et al. 2005, section 5, with the identifier corrected: [`AgreementBody`]
//! binds both cards, the third party, both vouchers and both nonces.

mod dispute;
mod exchange;
mod issue;
mod list;
mod redeem;

use alloc::vec::Vec;

use crate::digest::{self, Hash};

pub use dispute::*;
pub use exchange::*;
pub use issue::*;
pub use list::*;
pub use redeem::*;

/// Identifies a voucher: [`Voucher::vid`].
pub type Vid = Hash;
/// Identifies an exchange from the agreement on: [`AgreementBody::xid`].
pub type Xid = Hash;

crate::structure! {
    /// A promise of an issuer, transferable between cards.
    pub struct Voucher {
        /// Key id of the issuer.
        pub issuer: Hash,
        /// The promise, a document of at most
        /// [`PROMISE_BYTES_MAX`](crate::limits::PROMISE_BYTES_MAX) bytes.
        pub promise: Vec<u8>,
        /// Lowest class of a card that may hold it.
        pub min_class: u8,
        /// Key id of who may redeem it; the issuer when absent.
        pub redeemer: Option<Hash>,
        /// Chosen by the issuer, once.
        pub serial: [u8; 16],
        /// By the issuer, tag `voucher` over the vid.
        pub issuer_signature: [u8; 64],
    }
}

impl Voucher {
    /// The id: `H("voucher"; issuer, H("promise"; promise), min_class, redeemer, serial)`.
    pub fn vid(&self) -> Vid {
        let promise = digest::tagged("promise", &[&self.promise]);
        digest::tagged(
            "voucher",
            &[
                &self.issuer,
                &promise,
                &self.min_class,
                &self.redeemer,
                &self.serial,
            ],
        )
    }
}
