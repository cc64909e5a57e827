//! How an exchange ends when the two cards cannot end it alone.

use alloc::vec::Vec;

use super::{AgreementBody, Xid};
use crate::codec::List;
use crate::id::EntityId;

crate::structure! {
    /// m2 without its voucher: what both cards show to the third party.
    pub struct Evidence {
        /// What both cards are bound to.
        pub body: AgreementBody,
        /// By S_B, tag `agree` over `body`.
        pub signature: [u8; 64],
        /// S_B's certificate, DER.
        pub certificate: Vec<u8>,
        /// Revocation status of the certificate.
        pub status: Option<Vec<u8>>,
    }

    /// Has S_A ask the third party to resolve. Privileged; may be repeated.
    pub struct OrderResolve {
        /// Which exchange.
        pub xid: Xid,
        /// Where the third party is reached now; where the exchange says, if empty.
        pub third_party_ids: List<EntityId>,
    }

    /// Has S_B ask the third party to abort. Privileged; may be repeated.
    pub struct OrderAbort {
        /// Which exchange.
        pub xid: Xid,
        /// Where the third party is reached now; where the exchange says, if empty.
        pub third_party_ids: List<EntityId>,
    }

    /// The card asked the third party.
    pub struct Disputed {
        /// Which exchange.
        pub xid: Xid,
        /// A [`State`](super::State).
        pub state: u8,
    }

    /// The third party's word. `signature` has tag `outcome` over [`OutcomeBody`].
    pub struct ThirdPartyOutcome {
        /// Which exchange.
        pub xid: Xid,
        /// [`Outcome::Resolved`](super::Outcome::Resolved) or
        /// [`Outcome::Aborted`](super::Outcome::Aborted).
        pub outcome: u8,
        /// By the third party.
        pub signature: [u8; 64],
        /// The third party's certificate of role service, DER.
        pub certificate: Vec<u8>,
    }

    /// What the signature of [`ThirdPartyOutcome`] covers.
    pub struct OutcomeBody {
        /// Which exchange.
        pub xid: Xid,
        /// As in [`ThirdPartyOutcome`].
        pub outcome: u8,
    }
}

super::super::params!(
    OrderResolve = ORDER_RESOLVE,
    OrderAbort = ORDER_ABORT,
    Disputed = DISPUTED,
    ThirdPartyOutcome = OUTCOME,
);
