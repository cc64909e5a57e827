//! Messages that wait for the host.
//!
//! They are in the store; here are only their numbers and sizes. A response carries as many whole
//! ones as fit. They leave when the next command shows that the response arrived, and are sent
//! again after SELECT, under the same numbers.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use libetp::exchange::{ONLY_WHEN_SPOKEN_TO_MS, ReplyBuilder, StatusWord};

use crate::error::CardError;
use crate::records::{load_outbox, outbox_key};
use crate::store::Store;

/// The waiting messages: number and size, in order.
pub(crate) struct Outbox {
    waiting: VecDeque<(u64, usize)>,
    /// How many of the first ones the last response carried.
    in_flight: usize,
    bytes: usize,
}

impl Outbox {
    pub(crate) fn load(store: &dyn Store) -> Result<Self, CardError> {
        let waiting: VecDeque<_> = load_outbox(store)?.into();
        Ok(Self {
            bytes: waiting.iter().map(|(_, size)| size).sum(),
            waiting,
            in_flight: 0,
        })
    }

    /// The host may not have got the last response: all of it is sent again.
    pub(crate) fn requeue(&mut self) {
        self.in_flight = 0;
    }

    /// Keys of the messages that the next command confirms.
    pub(crate) fn confirmed(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let carried = self.waiting.iter().take(self.in_flight);
        carried.map(|(number, _)| outbox_key(*number))
    }

    /// Messages and bytes that will be left once the confirmed ones are gone.
    pub(crate) fn left(&self) -> (usize, usize) {
        let carried = self.waiting.iter().take(self.in_flight);
        let gone: usize = carried.map(|(_, size)| size).sum();
        (self.waiting.len() - self.in_flight, self.bytes - gone)
    }

    /// After the commit: the confirmed ones are gone, the new ones wait.
    pub(crate) fn committed(&mut self, new: impl Iterator<Item = (u64, usize)>) {
        (_, self.bytes) = self.left();
        self.waiting.drain(..self.in_flight);
        self.in_flight = 0;
        for (number, size) in new {
            self.bytes += size;
            self.waiting.push_back((number, size));
        }
    }

    /// The response: the first messages, as many as fit.
    pub(crate) fn respond(&mut self, store: &dyn Store) -> Result<Vec<u8>, CardError> {
        let mut reply = ReplyBuilder::default();
        let mut status = StatusWord::OK;
        self.in_flight = 0;
        for &(number, size) in &self.waiting {
            let message = store.get(&outbox_key(number))?;
            let message = message.ok_or(CardError::Damaged("outbox"))?;
            if !reply.push(number, &message) {
                status = StatusWord::more(size);
                break;
            }
            self.in_flight += 1;
        }
        Ok(reply.finish(ONLY_WHEN_SPOKEN_TO_MS, status))
    }
}
