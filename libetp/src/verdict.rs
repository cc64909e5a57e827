//! Verdicts: what becomes of a message that is not delivered.
//!
//! Nothing is silent: an accepted message ends in delivery or in a verdict that its sender can
//! see and an operator can count. There is no verdict about a verdict.

use alloc::string::String;
use core::fmt;

use crate::digest::Hash;
use crate::id::EntityId;
use crate::message::Message;
use crate::mtype::Mtype;

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The program that called us.
    Caller,
    /// The other end of the conversation.
    Peer,
    /// The card.
    Card,
    /// The machine, the network, the operator's settings.
    Environment,
    /// This software.
    Bug,
}

crate::codes::codes! {
    /// Why a message was not delivered. The numbers are part of the protocol.
    pub enum VerdictCode: u16, from_u16 {
        /// No entity of that id, and no route to its domain.
        UnknownDestination = 1, "unknown-destination";
        /// The receiver's mailbox is at its limit.
        MailboxFull = 2, "mailbox-full";
        /// The card does not answer, was removed or is not live yet.
        CardGone = 3, "card-gone";
        /// No link to the host of the destination, and its queue is full or its time is up.
        HostUnreachable = 4, "host-unreachable";
        /// A Guard rule refused it.
        Refused = 5, "refused";
        /// Longer than a message may be.
        TooLarge = 6, "too-large";
        /// Longer than the destination card takes.
        TooLargeForCard = 7, "too-large-for-card";
        /// The receiver went away and had not taken it: it may or may not have been seen.
        Unknown = 8, "unknown";
        /// The sender is over its own quota.
        QuotaExceeded = 9, "quota-exceeded";
        /// The domain is quarantined after a rollback.
        Quarantined = 10, "quarantined";
        /// The domain's home moved to another host.
        Suspended = 11, "suspended";
        /// The daemon is draining and takes no more.
        ShuttingDown = 12, "shutting-down";
        /// The remote host showed no valid statement for the source's domain.
        NotEnrolled = 13, "not-enrolled";
        /// The parameters are not what the message type demands.
        Malformed = 14, "malformed";
    }
}

impl VerdictCode {
    /// Whose fault it is.
    pub fn fault(self) -> Fault {
        match self {
            Self::UnknownDestination
            | Self::Refused
            | Self::TooLarge
            | Self::TooLargeForCard
            | Self::QuotaExceeded
            | Self::Malformed => Fault::Caller,
            Self::MailboxFull | Self::Unknown | Self::NotEnrolled => Fault::Peer,
            Self::CardGone | Self::Quarantined | Self::Suspended => Fault::Card,
            Self::HostUnreachable | Self::ShuttingDown => Fault::Environment,
        }
    }
}

impl fmt::Display for VerdictCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A code and the words that go with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Why.
    pub code: VerdictCode,
    /// What exactly, for people; at most [`DETAIL_BYTES_MAX`](crate::limits::DETAIL_BYTES_MAX).
    pub detail: String,
}

impl Verdict {
    /// A verdict with words. Longer words are cut at a character boundary.
    pub fn new(code: VerdictCode, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        detail.truncate(detail.floor_char_boundary(crate::limits::DETAIL_BYTES_MAX));
        Self { code, detail }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.detail.is_empty() {
            true => fmt::Display::fmt(&self.code, f),
            false => write!(f, "{}: {}", self.code, self.detail),
        }
    }
}

/// Which message a verdict is about, for those that name it by content (cards and links).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Who sent it.
    pub src: EntityId,
    /// Who was meant.
    pub dst: EntityId,
    /// Its type.
    pub mtype: Mtype,
    /// First half of SHA-256 of the whole message.
    pub digest: [u8; 16],
}

impl Subject {
    /// Names a message.
    pub fn of(message: &Message) -> Self {
        let hash: Hash = crate::digest::sha256(&message.to_bytes());
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash[..16]);
        let header = message.header;
        Self {
            src: header.src,
            dst: header.dst,
            mtype: header.mtype,
            digest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn codes_round_trip() {
        for &code in VerdictCode::ALL {
            assert_eq!(VerdictCode::from_u16(code as u16), Some(code));
        }
        assert_eq!(VerdictCode::from_u16(0), None);
    }

    #[test]
    fn detail_is_cut_at_the_limit() {
        let long = "ü".repeat(300);
        let verdict = Verdict::new(VerdictCode::Refused, long);
        assert_eq!(verdict.detail.len(), crate::limits::DETAIL_BYTES_MAX);
        assert_eq!(
            Verdict::new(VerdictCode::TooLarge, "").to_string(),
            "too-large"
        );
    }
}
