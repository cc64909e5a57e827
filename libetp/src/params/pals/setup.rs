//! How a session comes about.

use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::List;
use crate::digest::{Hash, SUITE, tagged};
use crate::id::EntityId;

crate::structure! {
    /// All that is public of a session and the same for all of its members.
    pub struct Descriptor {
        /// The [`SUITE`].
        pub suite: u8,
        /// What is computed, by its hash.
        pub function: Hash,
        /// What the function is told beside the inputs.
        pub parameters: Vec<u8>,
        /// Who computes it: name and exact version.
        pub engine: String,
        /// What the computation may spend in all, in the engine's units.
        pub fuel: u64,
        /// What it spends in one round.
        pub slice: u64,
        /// Memory that it may use.
        pub memory_bytes: u32,
        /// Who takes part. The first one's card opens the session.
        pub members: List<Member>,
        /// Lowest class of a member's card.
        pub min_class: u8,
        /// The code that a member's card must be certified to run.
        pub code_hash: Option<Hash>,
        /// How many members' hosts may be corrupt, fewer than half.
        pub corrupt: u8,
        /// Length of every input.
        pub input_bytes: u32,
        /// Rounds before the agreement.
        pub cover_rounds: u32,
        /// From the end of one round to the end of the next.
        pub round_ms: u32,
        /// Most time between the starts of two members.
        pub start_skew_ms: u32,
        /// Most time from when a host ends a round until its card's packets are in the other cards.
        pub delay_ms: u32,
        /// How much faster or slower than right a clock may be, in millionths.
        pub drift_ppm: u32,
    }

    /// A member of a session.
    pub struct Member {
        /// Key id of its card.
        pub key: Hash,
        /// The program of its owner. Its card is that of this domain.
        pub program: EntityId,
    }

    /// Invites the owners of the other members.
    pub struct Invite {
        /// To what.
        pub descriptor: Descriptor,
        /// Nonce of the first member.
        pub opening: Hash,
    }

    /// A member takes part.
    pub struct Join {
        /// The hash of the descriptor.
        pub descriptor: Hash,
        /// Nonce of the first member.
        pub opening: Hash,
        /// Its own.
        pub entry: Entry,
    }

    /// What a member puts into a session's start. `signature` has tag `join` over [`JoinBody`].
    pub struct Entry {
        /// Never used before.
        pub nonce: Hash,
        /// The card's certificate, DER.
        pub certificate: Vec<u8>,
        /// By the card.
        pub signature: [u8; 64],
    }

    /// What the signature of an [`Entry`] covers.
    pub struct JoinBody {
        /// The hash of the descriptor.
        pub descriptor: Hash,
        /// Nonce of the first member.
        pub opening: Hash,
        /// Nonce of this one.
        pub nonce: Hash,
        /// SHA-256 of its certificate.
        pub certificate: Hash,
    }

    /// All members joined. `signature` has tag `start` over the session's id, by the first one.
    pub struct Start {
        /// The hash of the descriptor.
        pub descriptor: Hash,
        /// In order of members.
        pub entries: List<Entry>,
        /// By the first member.
        pub signature: [u8; 64],
    }

    /// The sender's card took the start.
    pub struct StartTaken {
        /// The hash of the descriptor.
        pub descriptor: Hash,
    }

    /// The sender's card has no start.
    pub struct StartRequest {
        /// The hash of the descriptor.
        pub descriptor: Hash,
    }

    /// The owner's program takes over a session, or asks for it. Privileged.
    pub struct AttendSession {}

    /// The owner's card leaves its session. Privileged.
    pub struct LeaveSession {}
}

crate::secret_structure! {
    /// The owner of the first member opens a session. Privileged.
    pub struct OpenSession {
        /// The session.
        pub descriptor: Descriptor,
        /// The owner's input.
        pub input: Vec<u8>,
    }

    /// The owner of another member takes part. Privileged.
    pub struct JoinSession {
        /// The session.
        pub descriptor: Descriptor,
        /// Nonce of the first member.
        pub opening: Hash,
        /// The owner's input.
        pub input: Vec<u8>,
    }
}

impl Descriptor {
    /// `H("descriptor"; descriptor)`.
    pub fn hash(&self) -> Hash {
        tagged("descriptor", &[self])
    }

    /// The session's id: `H("session"; descriptor, nonces)`, nonces in order of members.
    pub fn session(&self, nonces: &List<Hash>) -> Hash {
        tagged("session", &[self, nonces])
    }

    /// Whether the suite is the one that this version speaks.
    pub fn is_of_suite(&self) -> bool {
        self.suite == SUITE
    }
}

super::super::params!(
    OpenSession = OPEN_SESSION,
    Invite = SESSION_INVITE,
    JoinSession = JOIN_SESSION,
    Join = SESSION_JOIN,
    Start = SESSION_START,
    StartTaken = SESSION_STARTED,
    StartRequest = SESSION_START_REQUEST,
    AttendSession = ATTEND_SESSION,
    LeaveSession = LEAVE_SESSION,
);
