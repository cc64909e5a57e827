//! Family 02: vouchers and their fair exchange.
//!
//! A voucher is (issuer, promise, holder) (RFC 3506); the holder is the card that stores it. The
//! exchange is that of Terada et al. 2005, section 5, with the identifier corrected: [`AgreementBody`]
//! binds both cards, the third party, both vouchers and both nonces.

use alloc::vec::Vec;

use crate::codec::List;
use crate::digest::{self, Hash};
use crate::id::EntityId;

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

    /// The other owner does not want the exchange.
    pub struct OfferRejected {
        /// The offer.
        pub n1: [u8; 32],
    }

    /// The id that gave the order has the result.
    pub struct AcknowledgeResult {
        /// The offer.
        pub n1: [u8; 32],
    }

    /// Takes an open offer back. Privileged.
    pub struct CancelOffer {
        /// The offer.
        pub n1: [u8; 32],
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

    /// What the signature of [`RedeemReceipt`] covers.
    pub struct ReceiptBody {
        /// Which voucher.
        pub vid: Vid,
        /// The redeemer's.
        pub challenge: [u8; 32],
    }

    /// Asks what the card holds. Privileged.
    pub struct ListVouchers {
        /// Start behind this vid.
        pub after: Option<Vid>,
    }

    /// A page of what the card holds, in order of vid.
    pub struct Vouchers {
        /// The page.
        pub vouchers: List<Holding>,
        /// Whether another page follows.
        pub more: bool,
    }

    /// A voucher that a card stores.
    pub struct Holding {
        /// Its id.
        pub vid: Vid,
        /// The voucher.
        pub voucher: Voucher,
    }

    /// Asks for open exchanges. Privileged.
    pub struct ListExchanges {}

    /// Open offers, running exchanges, results not yet acknowledged.
    pub struct Exchanges {
        /// In order of n1.
        pub exchanges: List<ExchangeState>,
    }

    /// One exchange as its card sees it.
    pub struct ExchangeState {
        /// The offer.
        pub n1: [u8; 32],
        /// The exchange, once agreed.
        pub xid: Option<Xid>,
        /// 0 offering, 1 agreeing.
        pub side: u8,
        /// A [`State`].
        pub state: u8,
        /// What this card gives.
        pub give: Vid,
        /// What it gets.
        pub want: Vid,
        /// The other card.
        pub peer: EntityId,
    }
}

super::params!(
    StartExchange = START_EXCHANGE,
    Offer = OFFER,
    Agreement = AGREEMENT,
    Confirmation = CONFIRMATION,
    Commitment = COMMITMENT,
    ExchangeResult = EXCHANGE_RESULT,
    OfferRejected = OFFER_REJECTED,
    AcknowledgeResult = ACKNOWLEDGE_RESULT,
    CancelOffer = CANCEL_OFFER,
    ExchangeStarted = EXCHANGE_STARTED,
    IssueBegin = ISSUE_BEGIN,
    IssueChallenge = ISSUE_CHALLENGE,
    Issue = ISSUE,
    Issued = ISSUED,
    IssueCancel = ISSUE_CANCEL,
    IssueCancelled = ISSUE_CANCELLED,
    Redeem = REDEEM,
    Redeemed = REDEEMED,
    RedeemReceipt = REDEEM_RECEIPT,
    ListVouchers = LIST_VOUCHERS,
    Vouchers = VOUCHERS,
    ListExchanges = LIST_EXCHANGES,
    Exchanges = EXCHANGES,
);

/// How an exchange ended; the byte in [`ExchangeResult`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Both cards finished between themselves.
    Completed = 0,
    /// The third party resolved: the vouchers changed hands.
    Resolved = 1,
    /// The third party aborted: each card has its own again.
    Aborted = 2,
    /// The offer was cancelled or rejected before an agreement.
    Cancelled = 3,
}

/// Where an exchange stands; the byte in [`ExchangeState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Offered, nothing given.
    Offer = 0,
    /// Given, waiting for the other card.
    Wait = 1,
    /// Given, the third party is asked to resolve.
    Resolving = 2,
    /// Given, the third party is asked to abort.
    Aborting = 3,
    /// Ended, the result is not acknowledged.
    Done = 4,
}

impl Outcome {
    /// The outcome of a byte.
    pub fn from_u8(byte: u8) -> Option<Self> {
        [
            Self::Completed,
            Self::Resolved,
            Self::Aborted,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|outcome| *outcome as u8 == byte)
    }
}

impl State {
    /// The state of a byte.
    pub fn from_u8(byte: u8) -> Option<Self> {
        [
            Self::Offer,
            Self::Wait,
            Self::Resolving,
            Self::Aborting,
            Self::Done,
        ]
        .into_iter()
        .find(|state| *state as u8 == byte)
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
