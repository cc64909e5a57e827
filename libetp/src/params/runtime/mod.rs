//! Family 01: the card's runtime.

mod pin_block;
mod refusal;

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::codec::{self, List};
use crate::digest::{Hash, SUITE};
use crate::id::{Domain, EntityId};
use crate::mtype::Mtype;

pub use pin_block::{PinBlock, open_pin_block, pin_block};
pub use refusal::RefusalCode;

/// The handshake of [`Auth`].
pub const AUTH_PATTERN: &str = "Noise_NK_25519_ChaChaPoly_SHA256";
/// Bytes that a message of the handshake has beside its payload: an ephemeral key and a tag.
pub const AUTH_OVERHEAD_BYTES: usize = 48;

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

    /// First message of [`AUTH_PATTERN`]; its payload is an [`AuthPayload`].
    pub struct Auth {
        /// The handshake message.
        pub handshake: Vec<u8>,
    }

    struct HandshakePrologue {
        label: String,
        suite: u8,
        certificate: Hash,
    }

    /// Second message of the handshake.
    pub struct AuthOk {
        /// The handshake message, with an empty payload.
        pub handshake: Vec<u8>,
    }

    /// An [`Auth`] or a [`SetPin`] failed.
    pub struct AuthFailed {
        /// A [`RefusalCode`].
        pub code: u16,
        /// Tries left of what was tried, the PIN or the PUK, before it blocks.
        pub retries_left: u8,
        /// Words for people.
        pub detail: String,
    }

    /// First message of [`AUTH_PATTERN`] under [`set_pin_prologue`]; its payload is a
    /// [`SetPinPayload`].
    pub struct SetPin {
        /// The handshake message.
        pub handshake: Vec<u8>,
    }

    /// Second message of the handshake: the new PIN is stored.
    pub struct PinSet {
        /// The handshake message, with an empty payload.
        pub handshake: Vec<u8>,
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
        /// Tries of the PIN left before it blocks.
        pub retries_left: u8,
        /// Names of the on-card programs.
        pub programs: List<String>,
        /// Tries of the PUK left before the card blocks for good; `None` if it has no PUK.
        pub puk_retries_left: Option<u8>,
    }
}

crate::secret_structure! {
    /// What a program proves to its card.
    pub struct AuthPayload {
        /// The owner's PIN, UTF-8, in its [block](pin_block).
        pub pin: PinBlock,
        /// The program's own id.
        pub id: EntityId,
        /// From [`AuthChallenge`].
        pub challenge: [u8; 32],
    }

    /// What a program proves to its card to give it a new PIN.
    pub struct SetPinPayload {
        /// Whether `secret` is the PUK; else it is the PIN that the card has.
        pub is_puk: bool,
        /// The PIN or the PUK, in its [block](pin_block).
        pub secret: PinBlock,
        /// The PIN that the card shall have, in its [block](pin_block).
        pub new_pin: PinBlock,
        /// The program's own id.
        pub id: EntityId,
        /// From [`AuthChallenge`].
        pub challenge: [u8; 32],
    }
}

impl Drop for AuthPayload {
    fn drop(&mut self) {
        self.pin.zeroize();
    }
}

impl ZeroizeOnDrop for AuthPayload {}

impl Drop for SetPinPayload {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.new_pin.zeroize();
    }
}

impl ZeroizeOnDrop for SetPinPayload {}

/// Prologue of the handshake of [`Auth`]: `enc(["auth/v1", suite, SHA-256(card certificate)])`.
pub fn auth_prologue(certificate: &Hash) -> Vec<u8> {
    prologue("auth/v1", certificate)
}

/// Prologue of the handshake of [`SetPin`]: `enc(["set-pin/v1", suite, SHA-256(card certificate)])`.
pub fn set_pin_prologue(certificate: &Hash) -> Vec<u8> {
    prologue("set-pin/v1", certificate)
}

fn prologue(label: &str, certificate: &Hash) -> Vec<u8> {
    codec::to_vec(&HandshakePrologue {
        label: label.into(),
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
    SetPin = SET_PIN,
    PinSet = PIN_SET,
    EnrolHost = ENROL_HOST,
    HostEnrolled = HOST_ENROLLED,
    OrderRefused = ORDER_REFUSED,
    CardInfoRequest = CARD_INFO_REQUEST,
    CardInfo = CARD_INFO,
);
