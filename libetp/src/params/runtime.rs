//! Family 01: the card's runtime.

use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::{self, List};
use crate::digest::{Hash, SUITE};
use crate::id::{Domain, EntityId};
use crate::mtype::Mtype;

crate::structure! {
    /// Asks a card to prove itself.
    pub struct HelloChallenge {
        /// Fresh for each challenge.
        pub nonce: [u8; 32],
    }

    /// The card's proof. `signature` has tag `hello` over [`HelloBody`].
    pub struct Hello {
        /// New at each power-up.
        pub boot_id: [u8; 8],
        /// Transactions so far: the rollback witness.
        pub generation: u64,
        /// Highest port ever reserved; 0 for none.
        pub highest_port: u32,
        /// The card's certificate, DER.
        pub certificate: Vec<u8>,
        /// By the card.
        pub signature: [u8; 64],
    }

    /// What the signature of [`Hello`] covers.
    pub struct HelloBody {
        /// The challenge's.
        pub nonce: [u8; 32],
        /// As in [`Hello`].
        pub boot_id: [u8; 8],
        /// As in [`Hello`].
        pub generation: u64,
        /// The card's domain.
        pub domain: Domain,
        /// As in [`Hello`].
        pub highest_port: u32,
    }

    /// Asks for a block of ports.
    pub struct ReservePorts {}

    /// A block of ports, `first .. first + count`.
    pub struct PortsReserved {
        /// Lowest port of the block.
        pub first: u32,
        /// How many.
        pub count: u32,
    }

    /// Asks the card to state its home.
    pub struct Serve {
        /// Key id of the host's TLS key.
        pub host_key: Hash,
        /// The verifier's.
        pub nonce: [u8; 32],
    }

    /// A card's signed word on which host serves it. Tag `serve` over [`StatementBody`].
    pub struct Statement {
        /// The card's certificate, DER.
        pub certificate: Vec<u8>,
        /// Key id of the enrolled host.
        pub host_key: Hash,
        /// Increases with each statement; the newest home wins.
        pub number: u64,
        /// The verifier's.
        pub nonce: [u8; 32],
        /// By the card.
        pub signature: [u8; 64],
    }

    /// What the signature of [`Statement`] covers.
    pub struct StatementBody {
        /// The card's domain.
        pub domain: Domain,
        /// Key id of the card.
        pub card_key: Hash,
        /// As in [`Statement`].
        pub host_key: Hash,
        /// As in [`Statement`].
        pub number: u64,
        /// As in [`Statement`].
        pub nonce: [u8; 32],
    }

    /// An id's capability ended or was resumed.
    pub struct CapabilityEnded {
        /// Whose authentication is void.
        pub id: EntityId,
    }

    /// Asks for an [`AuthChallenge`].
    pub struct AuthBegin {}

    /// Valid once, for the id that asked.
    pub struct AuthChallenge {
        /// Goes into the handshake's payload.
        pub challenge: [u8; 32],
    }

    /// First message of `Noise_NK_25519_ChaChaPoly_SHA256`; its payload is an [`AuthPayload`].
    pub struct Auth {
        /// The handshake message.
        pub handshake: Vec<u8>,
    }

    /// What a program proves to its card.
    pub struct AuthPayload {
        /// The owner's PIN, UTF-8.
        pub pin: Vec<u8>,
        /// The program's own id.
        pub id: EntityId,
        /// From [`AuthChallenge`].
        pub challenge: [u8; 32],
    }

    struct AuthPrologue {
        label: String,
        suite: u8,
        certificate: Hash,
    }

    /// Second message of the handshake.
    pub struct AuthOk {
        /// The handshake message, with an empty payload.
        pub handshake: Vec<u8>,
    }

    /// Authentication failed.
    pub struct AuthFailed {
        /// A [`RefusalCode`].
        pub code: u16,
        /// Tries left before the card blocks.
        pub retries_left: u8,
        /// Words for people.
        pub detail: String,
    }

    /// Stores the one host key of the card. Privileged.
    pub struct EnrolHost {
        /// Key id of the host.
        pub host_key: Hash,
    }

    /// The host key is stored.
    pub struct HostEnrolled {
        /// Key id of the host.
        pub host_key: Hash,
    }

    /// An order was not carried out; nothing changed.
    pub struct OrderRefused {
        /// The order's type.
        pub mtype: Mtype,
        /// A [`RefusalCode`].
        pub code: u16,
        /// Words for people.
        pub detail: String,
    }

    /// Asks a card who it is.
    pub struct CardInfoRequest {}

    /// Who the card is.
    pub struct CardInfo {
        /// Of the card's software.
        pub version: String,
        /// 0 soft, 1 soft with external anti-rollback, 2 attested hardware.
        pub class: u8,
        /// The card's certificate, DER.
        pub certificate: Vec<u8>,
        /// Tries left before the card blocks.
        pub retries_left: u8,
        /// Names of the on-card programs.
        pub programs: List<String>,
    }
}

/// Prologue of the handshake of [`Auth`]: `enc(["auth/v1", suite, SHA-256(card certificate)])`.
pub fn auth_prologue(certificate: &Hash) -> Vec<u8> {
    codec::to_vec(&AuthPrologue {
        label: "auth/v1".into(),
        suite: SUITE,
        certificate: *certificate,
    })
}

super::params!(
    HelloChallenge = HELLO_CHALLENGE,
    Hello = HELLO,
    ReservePorts = RESERVE_PORTS,
    PortsReserved = PORTS_RESERVED,
    Serve = SERVE,
    Statement = STATEMENT,
    CapabilityEnded = CAPABILITY_ENDED,
    AuthBegin = AUTH_BEGIN,
    AuthChallenge = AUTH_CHALLENGE,
    Auth = AUTH,
    AuthOk = AUTH_OK,
    AuthFailed = AUTH_FAILED,
    EnrolHost = ENROL_HOST,
    HostEnrolled = HOST_ENROLLED,
    OrderRefused = ORDER_REFUSED,
    CardInfoRequest = CARD_INFO_REQUEST,
    CardInfo = CARD_INFO,
);

/// Why a card refuses an order or an authentication. The numbers are part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum RefusalCode {
    /// The sender has no authenticated channel.
    NotAuthenticated = 1,
    /// The tag is wrong, or the counter is not larger than the last.
    BadTag = 2,
    /// The parameters are not what the message type demands.
    Malformed = 3,
    /// The PIN is wrong.
    WrongPin = 4,
    /// No tries left.
    Blocked = 5,
    /// The challenge is not open for this id, or this id already tried in vain.
    NoChallenge = 6,
    /// Too many of these are open.
    Limit = 7,
    /// No such voucher, offer, exchange or challenge.
    NotFound = 8,
    /// The voucher is held, given or expected by another open exchange or issue.
    Reserved = 9,
    /// A certificate or signature does not verify for the role that is required.
    Certificate = 10,
    /// The third party is not one that this card trusts.
    ThirdParty = 11,
    /// The card's class is below what the voucher demands.
    Class = 12,
    /// The voucher does not match its id or its issuer's signature.
    Voucher = 13,
    /// Not possible in the state the exchange is in.
    State = 14,
    /// The message type is unknown to this card.
    UnknownType = 15,
    /// The card has no room left.
    Storage = 16,
}

impl RefusalCode {
    /// Every code.
    pub const ALL: &[Self] = &[
        Self::NotAuthenticated,
        Self::BadTag,
        Self::Malformed,
        Self::WrongPin,
        Self::Blocked,
        Self::NoChallenge,
        Self::Limit,
        Self::NotFound,
        Self::Reserved,
        Self::Certificate,
        Self::ThirdParty,
        Self::Class,
        Self::Voucher,
        Self::State,
        Self::UnknownType,
        Self::Storage,
    ];

    /// The code of a number, if there is one.
    pub fn from_u16(code: u16) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| *known as u16 == code)
    }

    /// The name used in output.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAuthenticated => "not-authenticated",
            Self::BadTag => "bad-tag",
            Self::Malformed => "malformed",
            Self::WrongPin => "wrong-pin",
            Self::Blocked => "blocked",
            Self::NoChallenge => "no-challenge",
            Self::Limit => "limit",
            Self::NotFound => "not-found",
            Self::Reserved => "reserved",
            Self::Certificate => "certificate",
            Self::ThirdParty => "third-party",
            Self::Class => "class",
            Self::Voucher => "voucher",
            Self::State => "state",
            Self::UnknownType => "unknown-type",
            Self::Storage => "storage",
        }
    }
}
