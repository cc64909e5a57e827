//! One EXCHANGE: what its messages write and send, until it is committed.

use alloc::vec::Vec;

use libetp::Message;
use libetp::codec::{self, Decode, Encode};
use libetp::limits::MESSAGE_BYTES_MAX;
use libetp::params::runtime::RefusalCode;

use crate::limits::{
    OUTBOX_BYTES_MAX, OUTBOX_MESSAGES_MAX, OUTBOX_RESERVE_BYTES, OUTBOX_RESERVE_MESSAGES,
    OUTBOX_VOLATILE_BYTES_MAX,
};
use crate::outbox::{Load, Waiting};
use crate::overlay::Overlay;
use crate::program::Rejection;
use crate::records::{Record, outbox_key};
use crate::store::{Store, Writes};

/// What one EXCHANGE writes and sends.
pub(crate) struct Transaction {
    pub(crate) overlay: Overlay,
    waiting: Load,
    accepted: Vec<Sent>,
    message: Vec<Sent>,
}

/// A message that leaves when the transaction is durable.
struct Sent {
    message: Vec<u8>,
    is_volatile: bool,
}

impl Transaction {
    /// `waiting`: what waits already.
    pub(crate) fn new(waiting: Load) -> Self {
        Self {
            overlay: Overlay::default(),
            waiting,
            accepted: Vec::new(),
            message: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, message: &Message) {
        self.push(message, false);
    }

    /// Sends what waits for the host in memory only.
    pub(crate) fn send_volatile(&mut self, message: &Message) {
        self.push(message, true);
    }

    fn push(&mut self, message: &Message, is_volatile: bool) {
        let message = message.to_bytes();
        self.message.push(Sent {
            message,
            is_volatile,
        });
    }

    /// Keeps what the message wrote and sent.
    ///
    /// # Errors
    /// [`Rejection`] if it sent more than the card can keep; then all of it is undone.
    pub(crate) fn accept(&mut self) -> Result<(), Rejection> {
        let fits = self.fits(OUTBOX_MESSAGES_MAX, OUTBOX_BYTES_MAX);
        self.keep_if(fits).ok_or_else(no_room)
    }

    /// As [`accept`](Self::accept), with the reserve; tells whether it was kept.
    pub(crate) fn accept_refusal(&mut self) -> bool {
        let fits = self.fits(
            OUTBOX_MESSAGES_MAX + OUTBOX_RESERVE_MESSAGES,
            OUTBOX_BYTES_MAX + OUTBOX_RESERVE_BYTES,
        );
        self.keep_if(fits).is_some()
    }

    /// Whether so many messages of so many bytes in all could be sent, and wait in memory.
    ///
    /// # Errors
    /// [`Rejection`] if not.
    pub(crate) fn check_volatile_room(
        &self,
        messages: usize,
        bytes: usize,
    ) -> Result<(), Rejection> {
        let load = self.load();
        let fits = load.messages + messages <= OUTBOX_MESSAGES_MAX
            && load.volatile_bytes + bytes <= OUTBOX_VOLATILE_BYTES_MAX;
        fits.then_some(()).ok_or_else(no_room)
    }

    /// Forgets what the message wrote and sent.
    pub(crate) fn undo(&mut self) {
        self.overlay.undo();
        self.message.clear();
    }

    fn keep_if(&mut self, fits: bool) -> Option<()> {
        if !fits {
            self.undo();
            return None;
        }
        self.overlay.accept();
        self.waiting = self.load();
        self.accepted.append(&mut self.message);
        Some(())
    }

    /// What would wait if the message were accepted.
    fn load(&self) -> Load {
        let mut load = self.waiting;
        let new = self.message.iter();
        new.for_each(|sent| load.add(sent.message.len(), sent.is_volatile));
        load
    }

    fn fits(&self, messages_max: usize, bytes_max: usize) -> bool {
        let mut messages = self.message.iter();
        let each = messages.all(|sent| sent.message.len() <= MESSAGE_BYTES_MAX);
        let none = self.message.is_empty();
        let load = self.load();
        none || each
            && load.messages <= messages_max
            && load.bytes <= bytes_max
            && load.volatile_bytes <= OUTBOX_VOLATILE_BYTES_MAX
    }

    /// Whether nothing of it is for the store.
    pub(crate) fn is_volatile(&self) -> bool {
        self.overlay.is_unwritten() && self.accepted.iter().all(|sent| sent.is_volatile)
    }

    /// All writes, and the messages that wait from now on. `numbered`: how many messages have numbers of that
    /// generation.
    pub(crate) fn finish(self, generation: u64, numbered: u64) -> (Writes, Vec<Waiting>) {
        let mut writes = self.overlay.into_writes();
        let numbered = self.accepted.into_iter().zip(numbered..);
        let waiting = numbered.map(|(sent, index)| {
            let (number, size) = (generation << 16 | index, sent.message.len());
            if sent.is_volatile {
                return Waiting::volatile(number, sent.message);
            }
            writes.insert(outbox_key(number), Some(sent.message));
            Waiting::stored(number, size)
        });
        let waiting = waiting.collect();
        (writes, waiting)
    }

    pub(crate) fn read<T: Decode>(
        &self,
        store: &dyn Store,
        record: Record,
    ) -> Result<Option<T>, Rejection> {
        let value = self.overlay.get(store, &record.key())?;
        let value = value.map(|bytes| record.decode(&bytes)).transpose();
        value.map_err(|error| Rejection::refused(RefusalCode::Storage, alloc::format!("{error}")))
    }

    pub(crate) fn write(&mut self, record: Record, value: &(impl Encode + ?Sized)) {
        self.overlay.write(record.key(), Some(codec::to_vec(value)));
    }
}

fn no_room() -> Rejection {
    Rejection::refused(RefusalCode::Storage, "too many messages wait")
}
