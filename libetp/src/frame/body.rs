//! Bodies of the frames that are not messages, as structures of the codec.

use alloc::string::String;

use crate::codec::List;
use crate::id::{Domain, EntityId};
use crate::mtype::Mtype;

crate::structure! {
    /// [`HELLO`](super::kind::HELLO).
    pub struct Hello {
        /// [`VERSION`](super::VERSION).
        pub version: u8,
        /// Name of the program, for logs and `etpctl ids`.
        pub name: String,
    }

    /// [`ACQUIRE`](super::kind::ACQUIRE).
    pub struct Acquire {
        /// Which card; may be left out where there is one.
        pub domain: Option<Domain>,
        /// Whether the id outlives the connection.
        pub durable: bool,
    }

    /// [`RESUME`](super::kind::RESUME).
    pub struct Resume {
        /// Which capability.
        pub id: EntityId,
        /// The secret of the last `ACQUIRED`.
        pub secret: [u8; 32],
    }

    /// [`DERIVE`](super::kind::DERIVE). `None` keeps what the parent may do; privileged types are
    /// never derived.
    pub struct Derive {
        /// Only to these ids.
        pub destinations: Option<List<EntityId>>,
        /// Only these types.
        pub mtypes: Option<List<Mtype>>,
    }

    /// [`ADOPT`](super::kind::ADOPT) and [`DERIVED`](super::kind::DERIVED).
    pub struct Token {
        /// Valid once, while the parent lives.
        pub token: [u8; 32],
    }

    /// [`WELCOME`](super::kind::WELCOME).
    pub struct Welcome {
        /// [`VERSION`](super::VERSION).
        pub version: u8,
        /// Name and version of the daemon.
        pub software: String,
    }

    /// [`ACQUIRED`](super::kind::ACQUIRED).
    pub struct Acquired {
        /// The id that this connection now is.
        pub id: EntityId,
        /// For the next `RESUME`; absent unless durable.
        pub secret: Option<[u8; 32]>,
        /// Whether the id was resumed, with the mail that waited for it.
        pub resumed: bool,
    }

    /// [`VERDICT`](super::kind::VERDICT).
    pub struct VerdictBody {
        /// A [`VerdictCode`](crate::VerdictCode) for a message, a [`RequestError`] for a request.
        pub code: u16,
        /// Words for people.
        pub detail: String,
    }

    /// [`CLOSING`](super::kind::CLOSING).
    pub struct Closing {
        /// A [`RequestError`].
        pub reason: u16,
        /// Words for people.
        pub detail: String,
    }
}

/// Why the daemon refuses a request or closes a connection. Disjoint from
/// [`VerdictCode`](crate::VerdictCode)s. The numbers are part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum RequestError {
    /// A frame that this protocol does not have, or not in this order.
    Protocol = 0x0101,
    /// Another version of the protocol.
    Version = 0x0102,
    /// No such card, or several and none named.
    NoSuchCard = 0x0103,
    /// The card is not live.
    CardGone = 0x0104,
    /// No such durable capability for this uid, or another secret.
    BadSecret = 0x0105,
    /// The secret was spent before: the capability is revoked.
    SecretReused = 0x0106,
    /// No such token, or it was used.
    BadToken = 0x0107,
    /// The connection already is a capability, or is none yet.
    State = 0x0108,
    /// Over a limit of this uid.
    Quota = 0x0109,
    /// The uid may not do this.
    Forbidden = 0x010A,
    /// Bytes came from another process than the one that connected.
    ForeignDescriptor = 0x010B,
    /// A newer connection resumed the capability.
    Fenced = 0x010C,
    /// The daemon ends.
    ShuttingDown = 0x010D,
    /// The daemon could not store what it must.
    Storage = 0x010E,
    /// The derived capability's parent is gone.
    ParentGone = 0x010F,
}

impl RequestError {
    /// Every reason.
    pub const ALL: &[Self] = &[
        Self::Protocol,
        Self::Version,
        Self::NoSuchCard,
        Self::CardGone,
        Self::BadSecret,
        Self::SecretReused,
        Self::BadToken,
        Self::State,
        Self::Quota,
        Self::Forbidden,
        Self::ForeignDescriptor,
        Self::Fenced,
        Self::ShuttingDown,
        Self::Storage,
        Self::ParentGone,
    ];

    /// The reason of a number, if there is one.
    pub fn from_u16(code: u16) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|known| *known as u16 == code)
    }

    /// The name used in output, logs and counters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Version => "version",
            Self::NoSuchCard => "no-such-card",
            Self::CardGone => "card-gone",
            Self::BadSecret => "bad-secret",
            Self::SecretReused => "secret-reused",
            Self::BadToken => "bad-token",
            Self::State => "state",
            Self::Quota => "quota",
            Self::Forbidden => "forbidden",
            Self::ForeignDescriptor => "foreign-descriptor",
            Self::Fenced => "fenced",
            Self::ShuttingDown => "shutting-down",
            Self::Storage => "storage",
            Self::ParentGone => "parent-gone",
        }
    }
}
