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

    /// [`DERIVE`](super::kind::DERIVE). `None` keeps what the parent may do; privileged types are
    /// never derived.
    pub struct Derive {
        /// Only to these ids.
        pub destinations: Option<List<EntityId>>,
        /// Only these types.
        pub mtypes: Option<List<Mtype>>,
    }

    /// [`WELCOME`](super::kind::WELCOME).
    pub struct Welcome {
        /// [`VERSION`](super::VERSION).
        pub version: u8,
        /// Name and version of the daemon.
        pub software: String,
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

crate::secret_structure! {
    /// [`RESUME`](super::kind::RESUME).
    pub struct Resume {
        /// Which capability.
        pub id: EntityId,
        /// The secret of the last `ACQUIRED`.
        pub secret: [u8; 32],
    }

    /// [`ADOPT`](super::kind::ADOPT) and [`DERIVED`](super::kind::DERIVED).
    pub struct Token {
        /// Valid once, while the parent lives.
        pub token: [u8; 32],
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
}

crate::codes::codes! {
    /// Why the daemon refuses a request or closes a connection. Disjoint from
    /// [`VerdictCode`](crate::VerdictCode)s. The numbers are part of the protocol.
    pub enum RequestError: u16, from_u16 {
        /// A frame that this protocol does not have, or not in this order.
        Protocol = 0x0101, "protocol";
        /// Another version of the protocol.
        Version = 0x0102, "version";
        /// No such card, or several and none named.
        NoSuchCard = 0x0103, "no-such-card";
        /// The card is not live.
        CardGone = 0x0104, "card-gone";
        /// No such durable capability for this uid, or another secret.
        BadSecret = 0x0105, "bad-secret";
        /// The secret was spent before: the capability is revoked.
        SecretReused = 0x0106, "secret-reused";
        /// No such token, or it was used.
        BadToken = 0x0107, "bad-token";
        /// The connection already is a capability, or is none yet.
        State = 0x0108, "state";
        /// Over a limit of this uid.
        Quota = 0x0109, "quota";
        /// The uid may not do this.
        Forbidden = 0x010A, "forbidden";
        /// Bytes came from another process than the one that connected.
        ForeignDescriptor = 0x010B, "foreign-descriptor";
        /// A newer connection resumed the capability.
        Fenced = 0x010C, "fenced";
        /// The daemon ends.
        ShuttingDown = 0x010D, "shutting-down";
        /// The daemon could not store what it must.
        Storage = 0x010E, "storage";
        /// The derived capability's parent is gone.
        ParentGone = 0x010F, "parent-gone";
    }
}
