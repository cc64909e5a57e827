//! Deliveries that wait for the program, and when the daemon is told that they are taken.

use std::collections::VecDeque;

use crate::client::error::ProtocolError;
use crate::frame::Origin;
use crate::message::Message;

/// A message for this id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Counts the deliveries of this connection from 1.
    pub number: u64,
    /// Where it entered the table of this host.
    pub origin: Origin,
    /// The message.
    pub message: Message,
}

/// When a delivery counts as taken. What is not taken when the connection ends stays in the
/// mailbox of a durable capability; of another one, its sender gets the verdict `unknown`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taking {
    /// As soon as the program receives it.
    #[default]
    OnReceive,
    /// When the program says so, after it has stored what it needs of it.
    Explicit,
}

/// Once this many are taken in one go the daemon is told without waiting for a better moment.
const TAKEN_BATCH: u64 = 32;

#[derive(Debug, Default)]
pub(super) struct Inbox {
    queue: VecDeque<Delivery>,
    held_bytes: usize,
    last_seen: u64,
    handed: u64,
    taken: u64,
    told: u64,
    pub(super) taking: Taking,
}

impl Inbox {
    pub(super) fn push(&mut self, delivery: Delivery) -> Result<(), ProtocolError> {
        let expected = self.last_seen + 1;
        if delivery.number != expected {
            let got = delivery.number;
            return Err(ProtocolError::DeliveryNumber { expected, got });
        }
        self.last_seen = expected;
        self.held_bytes += delivery.message.wire_len();
        self.queue.push_back(delivery);
        Ok(())
    }

    /// Number of the newest delivery that arrived.
    pub(super) fn last_seen(&self) -> u64 {
        self.last_seen
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    pub(super) fn clear(&mut self) {
        self.queue.clear();
        self.held_bytes = 0;
    }

    pub(super) fn pop(&mut self) -> Option<Delivery> {
        self.remove(0)
    }

    /// The first delivery behind `after` that fits. Earlier ones stay where they are.
    pub(super) fn pop_where(
        &mut self,
        after: u64,
        fits: impl Fn(&Delivery) -> bool,
    ) -> Option<Delivery> {
        let first = self.queue.partition_point(|held| held.number <= after);
        let at = (first..self.queue.len()).find(|at| fits(&self.queue[*at]))?;
        self.remove(at)
    }

    fn remove(&mut self, at: usize) -> Option<Delivery> {
        let delivery = self.queue.remove(at)?;
        self.held_bytes -= delivery.message.wire_len();
        self.handed = self.handed.max(delivery.number);
        if self.taking == Taking::OnReceive {
            self.take_handed();
        }
        Some(delivery)
    }

    /// The program has `number` and all before it, except those that are still held here.
    pub(super) fn take(&mut self, number: u64) {
        self.taken = self.taken.max(number.min(self.last_seen));
    }

    /// The program has everything that was handed to it.
    pub(super) fn take_handed(&mut self) {
        self.taken = self.taken.max(self.handed);
    }

    /// What to tell the daemon before the next wait, if anything is new.
    pub(super) fn tell(&mut self) -> Option<u64> {
        let number = self.tellable();
        (number > self.told).then(|| {
            self.told = number;
            number
        })
    }

    /// Whether so much is taken that telling it should not wait.
    pub(super) fn is_tell_due(&self) -> bool {
        self.tellable() >= self.told + TAKEN_BATCH
    }

    /// `TAKEN` is cumulative, so it stops before the first delivery that is still held.
    fn tellable(&self) -> u64 {
        let first_held = self.queue.front().map(|held| held.number);
        first_held.map_or(self.taken, |held| self.taken.min(held - 1))
    }
}
