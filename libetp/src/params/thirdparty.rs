//! Family 04: the trusted third party, which ends exchanges that two cards could not end alone
//! (Terada et al. 2005, section 5.2).

use alloc::vec::Vec;

use crate::digest::Hash;
use crate::params::voucher::{Evidence, Xid};

crate::structure! {
    /// mr1: S_A asks to resolve. `signature` has tag `resolve` over the xid of the evidence's body.
    pub struct ResolveRequest {
        /// The agreement, as S_B signed it.
        pub evidence: Evidence,
        /// By S_A.
        pub signature: [u8; 64],
        /// S_A's certificate, DER.
        pub certificate: Vec<u8>,
    }

    /// ma1: S_B asks to abort. `signature` has tag `abort` over the xid of the evidence's body.
    pub struct AbortRequest {
        /// The agreement, as S_B signed it.
        pub evidence: Evidence,
        /// By S_B.
        pub signature: [u8; 64],
        /// S_B's certificate, DER.
        pub certificate: Vec<u8>,
    }

    /// Asks whether the third party decided on an exchange. Who knows an xid may ask.
    pub struct OutcomeRequest {
        /// Which exchange.
        pub xid: Xid,
    }

    /// Answer to [`OutcomeRequest`].
    pub struct OutcomeRecord {
        /// Which exchange.
        pub xid: Xid,
        /// An [`Outcome`](crate::params::voucher::Outcome); none if nobody asked for one.
        pub outcome: Option<u8>,
    }

    /// A program of the third party's own domain asks how it is.
    pub struct ThirdPartyStatusRequest {}

    /// Answer to [`ThirdPartyStatusRequest`].
    pub struct ThirdPartyStatus {
        /// Key id that exchanges name it by.
        pub key: Hash,
        /// Its certificate of role service, DER.
        pub certificate: Vec<u8>,
        /// Exchanges resolved.
        pub resolved: u64,
        /// Exchanges aborted.
        pub aborted: u64,
    }
}

super::params!(
    ResolveRequest = RESOLVE_REQUEST,
    AbortRequest = ABORT_REQUEST,
    OutcomeRequest = OUTCOME_REQUEST,
    OutcomeRecord = OUTCOME_RECORD,
    ThirdPartyStatusRequest = THIRD_PARTY_STATUS_REQUEST,
    ThirdPartyStatus = THIRD_PARTY_STATUS,
);
