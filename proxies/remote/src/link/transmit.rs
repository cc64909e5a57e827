//! Bytes that go out, pulled by a connection's writers when they have room. Nothing is buffered
//! between the link's queues and the transport.

use libetp::codec::List;

use super::control::{Ack, Closing, Control, Hello, StatementFrame, VERSION, WantStatement};
use super::error::LinkError;
use super::frame::{LENGTH_LEN, MESSAGE_PREFIX_LEN, kind};
use super::lane::Inbound;
use super::{ConnectionId, Link, Now};
use crate::limits::LANES;

/// Bytes of one batch, unless a single frame is longer.
pub const BATCH_BYTES_MAX: usize = 128 << 10;

/// What a connection's writers would get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    /// [`Link::transmit_control`] has something.
    pub control: bool,
    /// [`Link::transmit`] has something, per lane.
    pub lanes: [bool; LANES],
}

impl Link {
    /// Which writers of the connection have work.
    pub fn pending(&self, now: Now, id: ConnectionId) -> Pending {
        let takes = self.takes_messages(id);
        Pending {
            control: self.control_pending(now, id),
            lanes: std::array::from_fn(|lane| takes && self.lanes[lane].is_pending()),
        }
    }

    /// The next message frames for a lane of the connection, as one piece.
    pub fn transmit(&mut self, now: Now, id: ConnectionId, lane: usize) -> Option<Vec<u8>> {
        if !self.takes_messages(id) || !self.lanes[lane].is_pending() {
            return None;
        }
        self.note_flight(now);
        let mut batch = Vec::new();
        while batch.len() < BATCH_BYTES_MAX {
            let Some((sequence, outgoing)) = self.lanes[lane].transmit() else {
                break;
            };
            let length = 1 + MESSAGE_PREFIX_LEN + outgoing.message.wire_len();
            batch.reserve(LENGTH_LEN + length);
            batch.extend_from_slice(&(length as u32).to_be_bytes());
            batch.push(kind::MESSAGE);
            batch.extend_from_slice(&sequence.to_be_bytes());
            batch.extend_from_slice(&outgoing.number.to_be_bytes());
            outgoing.message.write_to(&mut batch);
            self.counts.sent += 1;
        }
        Some(batch)
    }

    /// The next control frames for the connection, as one piece.
    pub fn transmit_control(&mut self, now: Now, id: ConnectionId) -> Option<Vec<u8>> {
        if !self.control_pending(now, id) {
            return None;
        }
        let mut batch = Vec::new();
        self.write_hello(id, &mut batch);
        if self.current == Some(id) {
            self.write_acks(now, &mut batch);
            self.write_statements(id, &mut batch);
            self.write_verdicts(now, &mut batch);
            self.write_closing(id, &mut batch);
            self.judge_ending(now);
        }
        Some(batch)
    }

    fn takes_messages(&self, id: ConnectionId) -> bool {
        let connection = self.connections.get(&id);
        self.current == Some(id) && connection.is_some_and(|c| !c.peer_closing && !c.hello_pending)
    }

    fn control_pending(&self, now: Now, id: ConnectionId) -> bool {
        let Some(connection) = self.connections.get(&id) else {
            return false;
        };
        if connection.hello_pending {
            return true;
        }
        self.current == Some(id)
            && (self.acks_due(now)
                || self
                    .wants
                    .iter()
                    .any(|(d, n)| connection.wanted.get(d) != Some(n))
                || !self.answers.is_empty()
                || self.verdicts.is_pending()
                || connection.closing_pending)
    }

    fn acks_due(&self, now: Now) -> bool {
        let (messages, bytes) = (self.limits.ack_messages, self.limits.ack_bytes);
        let at_once = self.ending.is_some();
        self.inbound.iter().any(|inbound| {
            inbound.is_due(now.ms, messages, bytes) || at_once && inbound.due_ms().is_some()
        })
    }

    fn write_hello(&mut self, id: ConnectionId, batch: &mut Vec<u8>) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if !std::mem::take(&mut connection.hello_pending) {
            return;
        }
        let received = self.inbound.iter().map(Inbound::last).collect();
        let hello = Hello {
            version: VERSION,
            incarnation: self.incarnation,
            peer_incarnation: self.peer_incarnation,
            received: List(received),
        };
        Control::Hello(hello).write_to(batch);
    }

    /// When one acknowledgement is due, all go out that say something new.
    fn write_acks(&mut self, now: Now, batch: &mut Vec<u8>) {
        if !self.acks_due(now) {
            return;
        }
        for (channel, inbound) in self.inbound.iter_mut().enumerate() {
            if inbound.due_ms().is_some() {
                let (channel, sequence) = (channel as u8, inbound.last());
                Control::Ack(Ack { channel, sequence }).write_to(batch);
                inbound.acknowledged();
            }
        }
    }

    fn write_statements(&mut self, id: ConnectionId, batch: &mut Vec<u8>) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        for (&domain, &nonce) in &self.wants {
            if connection.wanted.insert(domain, nonce) != Some(nonce) {
                Control::WantStatement(WantStatement { domain, nonce }).write_to(batch);
            }
        }
        connection
            .wanted
            .retain(|domain, _| self.wants.contains_key(domain));
        while let Some((domain, statement)) = self.answers.pop_first() {
            Control::Statement(StatementFrame { domain, statement }).write_to(batch);
        }
    }

    fn write_verdicts(&mut self, now: Now, batch: &mut Vec<u8>) {
        if self.verdicts.is_pending() {
            self.note_flight(now);
        }
        while batch.len() < BATCH_BYTES_MAX {
            let Some((sequence, verdict)) = self.verdicts.transmit() else {
                break;
            };
            let mut verdict = verdict.clone();
            verdict.sequence = sequence;
            Control::Verdict(verdict).write_to(batch);
        }
    }

    fn write_closing(&mut self, id: ConnectionId, batch: &mut Vec<u8>) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if std::mem::take(&mut connection.closing_pending) {
            let closing = Closing {
                code: LinkError::ShuttingDown as u32,
                detail: LinkError::ShuttingDown.name().to_owned(),
            };
            Control::Closing(closing).write_to(batch);
        }
    }

    /// Something is about to be in flight: from now on an acknowledgement is expected.
    fn note_flight(&mut self, now: Now) {
        if !self.in_flight() {
            self.progress_ms = now.ms;
        }
    }

    pub(super) fn in_flight(&self) -> bool {
        self.verdicts.is_in_flight() || self.lanes.iter().any(|lane| lane.is_in_flight())
    }
}
