//! One direction of one sequence: what waits to be sent or acknowledged, and what was received.
//!
//! Sequences start at 1 for each pair of incarnations and are given at the first transmission.
//! The sender may give up an entry, so sequences can have gaps; the receiver only demands that
//! they increase, and takes everything else for a repeat. A reconnect rewinds the sender to the
//! oldest entry without acknowledgement; together that is exactly once, in order.

use std::collections::VecDeque;

use super::error::{LinkError, LinkFault};

/// What waits on the sender's side, oldest first. Entries that have been transmitted at least
/// once are a prefix, and those transmitted on the present connection a prefix of that.
#[derive(Debug)]
pub(crate) struct Outbound<T> {
    entries: VecDeque<Entry<T>>,
    /// Entries transmitted on the present connection.
    cursor: usize,
    /// The last sequence given.
    last: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<T> {
    /// 0 until the first transmission.
    sequence: u64,
    queued_ms: u64,
    bytes: usize,
    item: T,
}

/// An entry that was given up.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct GivenUp<T> {
    pub(crate) item: T,
    /// Whether the peer may have received it.
    pub(crate) sent: bool,
}

impl<T> Default for Outbound<T> {
    fn default() -> Self {
        Self {
            entries: VecDeque::new(),
            cursor: 0,
            last: 0,
            bytes: 0,
        }
    }
}

impl<T> Outbound<T> {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn push(&mut self, now_ms: u64, bytes: usize, item: T) {
        self.bytes += bytes;
        self.entries.push_back(Entry {
            sequence: 0,
            queued_ms: now_ms,
            bytes,
            item,
        });
    }

    /// The last sequence given; so many entries were transmitted.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Whether something waits to be transmitted on the present connection.
    pub(crate) fn is_pending(&self) -> bool {
        self.cursor < self.entries.len()
    }

    /// Whether an acknowledgement is due from the present connection.
    pub(crate) fn is_in_flight(&self) -> bool {
        self.cursor > 0
    }

    /// The next entry to transmit, with its sequence.
    pub(crate) fn transmit(&mut self) -> Option<(u64, &T)> {
        let entry = self.entries.get_mut(self.cursor)?;
        self.cursor += 1;
        if entry.sequence == 0 {
            self.last += 1;
            entry.sequence = self.last;
        }
        Some((entry.sequence, &entry.item))
    }

    /// Everything up to `sequence` was received. Returns whether that was news.
    pub(crate) fn acknowledge(&mut self, sequence: u64) -> Result<bool, LinkFault> {
        if sequence > self.last {
            let detail = format!("{sequence} acknowledged, {} is the last sent", self.last);
            return Err(LinkFault::new(LinkError::Acknowledgement, detail));
        }
        let before = self.entries.len();
        while let Some(entry) = self.entries.front() {
            if entry.sequence == 0 || entry.sequence > sequence {
                break;
            }
            self.pop();
        }
        Ok(self.entries.len() < before)
    }

    /// A new connection of the same two incarnations: transmit again from the oldest entry.
    pub(crate) fn rewind(&mut self) {
        self.cursor = 0;
    }

    /// The peer's incarnation is another: what was sent may or may not have been received.
    /// The rest is kept and gets sequences from 1.
    pub(crate) fn restart(&mut self) -> Vec<T> {
        let mut sent = Vec::new();
        while self
            .entries
            .front()
            .is_some_and(|entry| entry.sequence != 0)
        {
            sent.extend(self.pop().map(|entry| entry.item));
        }
        self.last = 0;
        self.cursor = 0;
        sent
    }

    /// Gives up the oldest entry if it was queued at `before_ms` or earlier.
    pub(crate) fn expire(&mut self, before_ms: u64) -> Option<GivenUp<T>> {
        self.entries
            .front()
            .filter(|entry| entry.queued_ms <= before_ms)?;
        self.pop().map(|entry| GivenUp {
            sent: entry.sequence != 0,
            item: entry.item,
        })
    }

    /// When the oldest entry was queued.
    pub(crate) fn oldest_ms(&self) -> Option<u64> {
        self.entries.front().map(|entry| entry.queued_ms)
    }

    fn pop(&mut self) -> Option<Entry<T>> {
        let entry = self.entries.pop_front()?;
        self.bytes -= entry.bytes;
        self.cursor = self.cursor.saturating_sub(1);
        Some(entry)
    }
}

/// What the receiver's side remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inbound {
    last: u64,
    /// Received since the last acknowledgement.
    messages: u64,
    bytes: usize,
    /// When the acknowledgement must be sent at the latest.
    due_ms: Option<u64>,
}

impl Inbound {
    /// The highest sequence received; 0 for none.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Notes a sequence. Returns whether it is new; an acknowledgement is due either way.
    pub(crate) fn receive(&mut self, sequence: u64, bytes: usize, due_ms: u64) -> bool {
        self.due_ms.get_or_insert(due_ms);
        self.messages += 1;
        self.bytes += bytes;
        let fresh = sequence > self.last;
        self.last = self.last.max(sequence);
        fresh
    }

    /// Whether an acknowledgement should go out now.
    pub(crate) fn is_due(&self, now_ms: u64, messages: u64, bytes: usize) -> bool {
        self.due_ms.is_some_and(|due| due <= now_ms)
            || self.messages >= messages
            || self.bytes >= bytes
    }

    /// When an acknowledgement is due at the latest.
    pub(crate) fn due_ms(&self) -> Option<u64> {
        self.due_ms
    }

    /// An acknowledgement of [`Inbound::last`] goes out.
    pub(crate) fn acknowledged(&mut self) {
        *self = Self {
            last: self.last,
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbound(count: u64) -> Outbound<u64> {
        let mut outbound = Outbound::default();
        (1..=count).for_each(|item| outbound.push(item, 10, item));
        outbound
    }

    fn drain(outbound: &mut Outbound<u64>) -> Vec<(u64, u64)> {
        let mut sent = Vec::new();
        while let Some((sequence, item)) = outbound.transmit() {
            sent.push((sequence, *item));
        }
        sent
    }

    #[test]
    fn rewinding_repeats_exactly_what_has_no_acknowledgement() {
        let mut outbound = outbound(4);
        assert_eq!(drain(&mut outbound).len(), 4);
        assert_eq!(outbound.acknowledge(2), Ok(true));
        assert_eq!(outbound.acknowledge(2), Ok(false));
        outbound.push(5, 10, 5);
        outbound.rewind();
        assert_eq!(drain(&mut outbound), [(3, 3), (4, 4), (5, 5)]);
        assert_eq!((outbound.len(), outbound.bytes()), (3, 30));
    }

    #[test]
    fn an_acknowledgement_of_the_future_is_refused() {
        let mut outbound = outbound(3);
        outbound.transmit();
        let fault = outbound.acknowledge(2).unwrap_err();
        assert_eq!(fault.error, LinkError::Acknowledgement);
        assert_eq!(outbound.len(), 3);
    }

    #[test]
    fn another_incarnation_gives_up_what_was_sent_and_keeps_the_rest() {
        let mut outbound = outbound(3);
        outbound.transmit();
        outbound.transmit();
        outbound.rewind();
        assert_eq!(outbound.restart(), [1, 2]);
        assert_eq!(drain(&mut outbound), [(1, 3)]);
    }

    #[test]
    fn expiry_leaves_a_gap_and_says_what_was_sent() {
        let mut outbound = outbound(3);
        outbound.transmit();
        let given_up = |item, sent| Some(GivenUp { item, sent });
        assert_eq!(outbound.expire(2), given_up(1, true));
        assert_eq!(outbound.expire(2), given_up(2, false));
        assert_eq!(outbound.expire(2), None);
        assert_eq!(drain(&mut outbound), [(2, 3)]);
        let mut inbound = Inbound::default();
        assert!(inbound.receive(2, 10, 0));
        assert!(!inbound.receive(1, 10, 0));
        assert_eq!(inbound.last(), 2);
    }

    #[test]
    fn acknowledgements_are_due_by_number_bytes_or_time() {
        let mut inbound = Inbound::default();
        assert!(!inbound.is_due(u64::MAX, 2, 100));
        inbound.receive(1, 10, 50);
        assert!(!inbound.is_due(49, 2, 100));
        assert!(inbound.is_due(50, 2, 100));
        inbound.receive(2, 10, 60);
        assert!(inbound.is_due(0, 2, 100));
        inbound.acknowledged();
        assert_eq!(inbound.due_ms(), None);
        inbound.receive(3, 100, 90);
        assert!(inbound.is_due(0, 2, 100));
    }
}
