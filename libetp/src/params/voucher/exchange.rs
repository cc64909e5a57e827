//! The fair exchange, from the order to the acknowledged result.

use alloc::vec::Vec;

use super::{Vid, Voucher, Xid};
use crate::codec::List;
use crate::digest::{self, Hash};
use crate::id::EntityId;

crate::structure! {
    /// Orders an exchange. Privileged.
    pub struct StartExchange {
        /// What the card gives.
        pub vid1: Vid,
        /// What it wants.
        pub vid2: Vid,
        /// The other wallet; the other card is `domain(pb)|0`.
        pub pb: EntityId,
        /// Key id of the third party.
        pub third_party: Hash,
        /// Where the third party is reached.
        pub third_party_ids: List<EntityId>,
    }

    /// The card made the offer.
    pub struct ExchangeStarted {
        /// The offer.
        pub n1: [u8; 32],
        /// What it gives.
        pub vid1: Vid,
        /// What it wants.
        pub vid2: Vid,
    }

    /// m1.
    pub struct Offer {
        /// The offering card.
        pub sa: EntityId,
        /// Its key id.
        pub a_key: Hash,
        /// What it gives.
        pub voucher1: Voucher,
        /// Certificate of the issuer of `voucher1`, DER.
        pub issuer_certificate1: Vec<u8>,
        /// What it wants.
        pub vid2: Vid,
        /// Fresh.
        pub n1: [u8; 32],
        /// Key id of the third party.
        pub third_party: Hash,
        /// Where the third party is reached.
        pub third_party_ids: List<EntityId>,
        /// The offering card's certificate, DER.
        pub certificate: Vec<u8>,
        /// Revocation status of the certificate.
        pub status: Option<Vec<u8>>,
    }

    /// The other owner does not want the exchange.
    pub struct OfferRejected {
        /// The offer.
        pub n1: [u8; 32],
    }

    /// Takes an open offer back. Privileged.
    pub struct CancelOffer {
        /// The offer.
        pub n1: [u8; 32],
    }

    /// m2. `signature` has tag `agree` over `body`.
    pub struct Agreement {
        /// What both cards and the third party are bound to.
        pub body: AgreementBody,
        /// By the agreeing card.
        pub signature: [u8; 64],
        /// The agreeing card's certificate, DER.
        pub certificate: Vec<u8>,
        /// Revocation status of the certificate.
        pub status: Option<Vec<u8>>,
        /// What the agreeing card gives.
        pub voucher2: Voucher,
        /// Certificate of the issuer of `voucher2`, DER.
        pub issuer_certificate2: Vec<u8>,
    }

    /// The signed part of m2; its hash is the exchange's id.
    pub struct AgreementBody {
        /// [`SUITE`](crate::digest::SUITE).
        pub suite: u8,
        /// Key id of the offering card.
        pub a_key: Hash,
        /// Key id of the agreeing card.
        pub b_key: Hash,
        /// Key id of the third party.
        pub third_party: Hash,
        /// The offering card.
        pub sa: EntityId,
        /// The agreeing card.
        pub sb: EntityId,
        /// [`exchange_hash`].
        pub hx: Hash,
        /// [`n2_hash`] of the secret that commits.
        pub h2: Hash,
    }

    /// m3. `signature` has tag `confirm` over `xid`.
    pub struct Confirmation {
        /// Which exchange.
        pub xid: Xid,
        /// By the offering card.
        pub signature: [u8; 64],
        /// The offering card's certificate, DER.
        pub certificate: Vec<u8>,
    }

    /// m4.
    pub struct Commitment {
        /// Which exchange.
        pub xid: Xid,
        /// The secret behind h2.
        pub n2: [u8; 32],
    }

    /// How an exchange ended.
    pub struct ExchangeResult {
        /// The offer.
        pub n1: [u8; 32],
        /// The exchange, if it came to an agreement.
        pub xid: Option<Xid>,
        /// An [`Outcome`].
        pub outcome: u8,
        /// The voucher that left this card.
        pub lost: Option<Vid>,
        /// The voucher that came.
        pub gained: Option<Vid>,
    }

    /// The id that gave the order has the result. An offer that is accepted anew after its exchange
    /// was aborted has several, so n1 alone does not name one.
    pub struct AcknowledgeResult {
        /// The offer.
        pub n1: [u8; 32],
        /// The exchange, as in the result; none if it did not come to an agreement.
        pub xid: Option<Xid>,
    }
}

super::super::params!(
    StartExchange = START_EXCHANGE,
    ExchangeStarted = EXCHANGE_STARTED,
    Offer = OFFER,
    OfferRejected = OFFER_REJECTED,
    CancelOffer = CANCEL_OFFER,
    Agreement = AGREEMENT,
    Confirmation = CONFIRMATION,
    Commitment = COMMITMENT,
    ExchangeResult = EXCHANGE_RESULT,
    AcknowledgeResult = ACKNOWLEDGE_RESULT,
);

crate::codes::codes! {
    /// How an exchange ended; the byte in [`ExchangeResult`].
    pub enum Outcome: u8, from_u8 {
        /// Both cards finished between themselves.
        Completed = 0, "completed";
        /// The third party resolved: the vouchers changed hands.
        Resolved = 1, "resolved";
        /// The third party aborted: each card has its own again.
        Aborted = 2, "aborted";
        /// The offer was cancelled or rejected before an agreement.
        Cancelled = 3, "cancelled";
    }
}

impl ExchangeResult {
    /// What tells the card that its owner has this result.
    pub fn acknowledgement(&self) -> AcknowledgeResult {
        AcknowledgeResult {
            n1: self.n1,
            xid: self.xid,
        }
    }
}

impl AgreementBody {
    /// The exchange id: `H("m2"; body)`.
    pub fn xid(&self) -> Xid {
        digest::tagged("m2", &[self])
    }
}

/// `hx = H("xchg"; A_K, B_K, T_K, vid1, vid2, n1)`.
pub fn exchange_hash(
    a_key: &Hash,
    b_key: &Hash,
    third_party: &Hash,
    vid1: &Vid,
    vid2: &Vid,
    n1: &[u8; 32],
) -> Hash {
    digest::tagged("xchg", &[a_key, b_key, third_party, vid1, vid2, n1])
}

/// `h2 = H("n2"; n2)`.
pub fn n2_hash(n2: &[u8; 32]) -> Hash {
    digest::tagged("n2", &[n2])
}
