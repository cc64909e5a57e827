//! Family 00: host services and errors.

use alloc::string::String;
use alloc::vec::Vec;

use crate::id::EntityId;
use crate::mtype::Mtype;

crate::structure! {
    /// A verdict, to a card.
    pub struct Undeliverable {
        /// Who was meant.
        pub dst: EntityId,
        /// What type the message had.
        pub mtype: Mtype,
        /// First half of SHA-256 of the whole message.
        pub digest: [u8; 16],
        /// A [`VerdictCode`](crate::VerdictCode).
        pub code: u16,
        /// Words for people.
        pub detail: String,
    }

    /// Asks for a [`Pong`].
    pub struct Ping {
        /// At most 64 bytes, returned as they are.
        pub nonce: Vec<u8>,
    }

    /// Answers a [`Ping`].
    pub struct Pong {
        /// The ping's.
        pub nonce: Vec<u8>,
    }

    /// The daemon asks an approver about a message that Guard holds.
    pub struct GuardAsk {
        /// Names the held message in the answer.
        pub ticket: u64,
        /// The policy that wants to know.
        pub policy: String,
        /// Why.
        pub reason: String,
        /// Where the message came in: `app`, `card` or `remote`.
        pub entry: String,
        /// Who sends it.
        pub src: EntityId,
        /// Who is meant.
        pub dst: EntityId,
        /// Its type.
        pub mtype: Mtype,
        /// Its length with the header.
        pub size: u32,
        /// SHA-256 of the whole message.
        pub digest: [u8; 32],
        /// It is refused without an answer after so many milliseconds.
        pub wait_ms: u64,
        /// From when on, in seconds since 1970 by the daemon's clock.
        pub asked_unix_s: u64,
    }

    /// Answers a [`GuardAsk`].
    pub struct GuardAnswer {
        /// As in the question.
        pub ticket: u64,
        /// As in the question: a daemon that was started anew gives its tickets again.
        pub digest: [u8; 32],
        /// Whether the message may be judged again as approved.
        pub approve: bool,
    }

    /// A program wants to know how its card is, until its connection ends. Answered by a
    /// [`CardState`], as is each change.
    pub struct CardWatch {}

    /// How the card of the domain is.
    pub struct CardState {
        /// `live`, `absent`, `gone`, `suspended` or `quarantined`. `live` that is said anew: the card
        /// was powered up, and nobody is authenticated to it any more.
        pub state: String,
        /// Why, in one of the words of `docs/protocol/socket.md`; empty for a live card.
        pub reason: String,
        /// How long messages for a card that is away wait, in milliseconds from when it went; 0 if they
        /// do not.
        pub wait_ms: u64,
    }
}

super::params!(
    Undeliverable = UNDELIVERABLE,
    Ping = PING,
    Pong = PONG,
    GuardAsk = GUARD_ASK,
    GuardAnswer = GUARD_ANSWER,
    CardWatch = CARD_WATCH,
    CardState = CARD_STATE,
);
