//! What is said in a session.

use alloc::vec::Vec;

use crate::digest::Hash;

crate::structure! {
    /// A message of the handshake between two cards.
    pub struct LinkHandshake {
        /// The first bytes of the session's id.
        pub session: [u8; 8],
        /// 1 or 2.
        pub step: u8,
        /// Noise KK.
        pub message: Vec<u8>,
    }

    /// What a card says to another one in a round. All fields have the same length in all of a session.
    pub struct Packet {
        /// The first bytes of the session's id.
        pub session: [u8; 8],
        /// Which, from 1, big endian.
        pub round: [u8; 4],
        /// Sealed.
        pub packet: Vec<u8>,
    }

    /// Where a session is, for the program that attends to it. Members are bits, the lowest for the first.
    pub struct SessionState {
        /// The hash of the descriptor.
        pub descriptor: Hash,
        /// The session, once it started.
        pub session: Option<Hash>,
        /// A [`Stage`].
        pub stage: u8,
        /// The round; 0 before the first.
        pub round: u32,
        /// The last one.
        pub rounds: u32,
        /// Who joined, whose link is up, or whose packet of this round is in: this member, too.
        pub present: u32,
        /// Whose packet of the round before did not come in time.
        pub missed: u32,
    }

    /// A round is over, says the host's clock.
    pub struct RoundOver {
        /// The session.
        pub session: Hash,
        /// Which; 0 is the time before the first.
        pub round: u32,
    }

    /// The packets of a round have left: the card may compute.
    pub struct Compute {
        /// The session.
        pub session: Hash,
        /// Which.
        pub round: u32,
    }
}

crate::secret_structure! {
    /// How a session ended for this card.
    pub struct SessionResult {
        /// The hash of the descriptor.
        pub descriptor: Hash,
        /// The session, if it started.
        pub session: Option<Hash>,
        /// An [`Outcome`].
        pub outcome: u8,
        /// The owner's part of the result, if there is one.
        pub result: Option<Vec<u8>>,
    }
}

super::super::params!(
    LinkHandshake = SESSION_HANDSHAKE,
    Packet = SESSION_PACKET,
    SessionState = SESSION_STATE,
    RoundOver = ROUND_OVER,
    Compute = COMPUTE,
    SessionResult = SESSION_RESULT,
);

crate::codes::codes! {
    /// What a session waits for.
    pub enum Stage: u8, from_u8 {
        /// Members to join, or the first one to start.
        Joining = 0, "joining";
        /// Links between the cards.
        Linking = 1, "linking";
        /// Packets of a round.
        Running = 2, "running";
        /// Nothing any more: its result was told before.
        Over = 3, "over";
    }
}

crate::codes::codes! {
    /// How a session ends for a card.
    pub enum Outcome: u8, from_u8 {
        /// There is a result.
        Result = 0, "result";
        /// The function gave none: for all members alike, unless the own host gave it too few slices.
        Trapped = 1, "trapped";
        /// The card took no part in the end: its own host, or too many others, omitted messages.
        Halted = 2, "halted";
        /// The owner left.
        Left = 3, "left";
        /// The card lost power in between.
        PowerLost = 4, "power-lost";
        /// Nobody gets any item of an exchange, unless half of the hosts or more are corrupt: something was missing.
        Refused = 5, "refused";
    }
}
