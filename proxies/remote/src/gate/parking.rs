//! Messages of one domain that wait for its statement.

use libetp::digest::Hash;

use super::Admission;
use crate::event::Counter;
use crate::limits::Limits;
use crate::link::Outgoing;

/// An open question and what waits for its answer.
#[derive(Debug)]
pub(super) struct Parked {
    pub(super) nonce: Hash,
    pub(super) until_ms: u64,
    messages: Vec<Outgoing>,
    bytes: usize,
}

impl Parked {
    pub(super) fn new(nonce: Hash, until_ms: u64) -> Self {
        Self {
            nonce,
            until_ms,
            messages: Vec::new(),
            bytes: 0,
        }
    }

    /// Parks a message, or refuses it at the limit. `room` is what the host has left, in bytes.
    pub(super) fn park(&mut self, outgoing: Outgoing, room: usize, limits: &Limits) -> Admission {
        let bytes = outgoing.message.wire_len();
        if self.messages.len() >= limits.parked_messages_max || bytes > room {
            let detail = "too many messages wait for the domain's statement";
            return Admission::Refused(outgoing, Counter::ParkedFull, detail.to_owned());
        }
        self.bytes += bytes;
        self.messages.push(outgoing);
        Admission::Parked
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// What waited, in order.
    pub(super) fn into_messages(self) -> Vec<Outgoing> {
        self.messages
    }
}
