//! Messages that wait for the host.
//!
//! They are in the store, or in memory if they say what only memory knows; here are only the numbers and sizes
//! of those in the store. A response carries as many whole ones as fit. They leave when the next command shows that
//! the response arrived, and are sent again after SELECT, under the same numbers.

use alloc::borrow::Cow;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use libetp::exchange::{ONLY_WHEN_SPOKEN_TO_MS, ReplyBuilder, StatusWord};

use crate::error::CardError;
use crate::records::{load_outbox, outbox_key};
use crate::store::Store;

/// A message that waits.
pub(crate) struct Waiting {
    number: u64,
    size: usize,
    /// The message itself, if it is not in the store.
    volatile: Option<Vec<u8>>,
}

impl Waiting {
    pub(crate) fn stored(number: u64, size: usize) -> Self {
        Self {
            number,
            size,
            volatile: None,
        }
    }

    pub(crate) fn volatile(number: u64, message: Vec<u8>) -> Self {
        Self {
            number,
            size: message.len(),
            volatile: Some(message),
        }
    }

    fn message(&self, store: &dyn Store) -> Result<Cow<'_, [u8]>, CardError> {
        match &self.volatile {
            Some(message) => Ok(message.into()),
            None => match store.get(&outbox_key(self.number))? {
                Some(message) => Ok(message.into()),
                None => Err(CardError::Damaged("outbox")),
            },
        }
    }
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) messages: usize,
    /// Of messages in the store.
    pub(crate) bytes: usize,
    /// Of messages in memory.
    pub(crate) volatile_bytes: usize,
}

impl Load {
    pub(crate) fn add(&mut self, size: usize, is_volatile: bool) {
        self.messages += 1;
        match is_volatile {
            true => self.volatile_bytes += size,
            false => self.bytes += size,
        }
    }
}

/// The waiting messages, in order.
pub(crate) struct Outbox {
    waiting: VecDeque<Waiting>,
    /// How many of the first ones the last response carried.
    in_flight: usize,
}

impl Outbox {
    pub(crate) fn load(store: &dyn Store) -> Result<Self, CardError> {
        let stored = load_outbox(store)?.into_iter();
        Ok(Self {
            waiting: stored
                .map(|(number, size)| Waiting::stored(number, size))
                .collect(),
            in_flight: 0,
        })
    }

    /// The host may not have got the last response: all of it is sent again.
    pub(crate) fn requeue(&mut self) {
        self.in_flight = 0;
    }

    /// Keys of the messages in the store that the next command confirms.
    pub(crate) fn confirmed(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let carried = self.waiting.iter().take(self.in_flight);
        let stored = carried.filter(|message| message.volatile.is_none());
        stored.map(|message| outbox_key(message.number))
    }

    /// Whether the next command confirms messages in the store.
    pub(crate) fn confirms_stored(&self) -> bool {
        self.confirmed().next().is_some()
    }

    /// What will be left once the confirmed ones are gone.
    pub(crate) fn left(&self) -> Load {
        let mut load = Load::default();
        let left = self.waiting.iter().skip(self.in_flight);
        left.for_each(|message| load.add(message.size, message.volatile.is_some()));
        load
    }

    /// After the commit: the confirmed ones are gone, the new ones wait.
    pub(crate) fn committed(&mut self, new: Vec<Waiting>) {
        self.waiting.drain(..self.in_flight);
        self.in_flight = 0;
        self.waiting.extend(new);
    }

    /// The response: the first messages, as many as fit.
    pub(crate) fn respond(&mut self, store: &dyn Store) -> Result<Vec<u8>, CardError> {
        let mut reply = ReplyBuilder::default();
        let mut status = StatusWord::OK;
        self.in_flight = 0;
        for waiting in &self.waiting {
            let message = waiting.message(store)?;
            if !reply.push(waiting.number, &message) {
                status = StatusWord::more(waiting.size);
                break;
            }
            self.in_flight += 1;
        }
        Ok(reply.finish(ONLY_WHEN_SPOKEN_TO_MS, status))
    }
}
