//! One EXCHANGE: what its messages write and send, until it is committed.

use alloc::vec::Vec;

use libetp::codec::{self, Decode, Encode};
use libetp::limits::MESSAGE_BYTES_MAX;
use libetp::params::runtime::RefusalCode;
use libetp::{EntityId, Message, Mtype};

use crate::limits::{
    OUTBOX_BYTES_MAX, OUTBOX_MESSAGES_MAX, OUTBOX_RESERVE_BYTES, OUTBOX_RESERVE_MESSAGES,
};
use crate::overlay::Overlay;
use crate::program::Rejection;
use crate::records::{Record, outbox_key};
use crate::store::{Store, Writes};

/// What one EXCHANGE writes and sends.
pub(crate) struct Transaction {
    pub(crate) overlay: Overlay,
    /// Messages and bytes that wait already.
    waiting: (usize, usize),
    accepted: Vec<Vec<u8>>,
    message: Vec<Vec<u8>>,
}

impl Transaction {
    /// `waiting`: messages and bytes that wait already.
    pub(crate) fn new(waiting: (usize, usize)) -> Self {
        Self {
            overlay: Overlay::default(),
            waiting,
            accepted: Vec::new(),
            message: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, src: EntityId, dst: EntityId, mtype: Mtype, param: Vec<u8>) {
        let message = Message::new(src, dst, mtype, param);
        self.message.push(message.to_bytes());
    }

    /// Keeps what the message wrote and sent.
    ///
    /// # Errors
    /// [`Rejection`] if it sent more than the card can keep; then all of it is undone.
    pub(crate) fn accept(&mut self) -> Result<(), Rejection> {
        let fits = self.fits(OUTBOX_MESSAGES_MAX, OUTBOX_BYTES_MAX);
        self.keep_if(fits)
            .ok_or_else(|| Rejection::refused(RefusalCode::Storage, "too many messages wait"))
    }

    /// As [`accept`](Self::accept), with the reserve; tells whether it was kept.
    pub(crate) fn accept_refusal(&mut self) -> bool {
        let fits = self.fits(
            OUTBOX_MESSAGES_MAX + OUTBOX_RESERVE_MESSAGES,
            OUTBOX_BYTES_MAX + OUTBOX_RESERVE_BYTES,
        );
        self.keep_if(fits).is_some()
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
        self.waiting.0 += self.message.len();
        self.waiting.1 += self.message.iter().map(Vec::len).sum::<usize>();
        self.accepted.append(&mut self.message);
        Some(())
    }

    fn fits(&self, messages_max: usize, bytes_max: usize) -> bool {
        let bytes: usize = self.message.iter().map(Vec::len).sum();
        let each = self.message.iter().all(|m| m.len() <= MESSAGE_BYTES_MAX);
        let none = self.message.is_empty();
        none || each
            && self.waiting.0 + self.message.len() <= messages_max
            && self.waiting.1 + bytes <= bytes_max
    }

    /// All writes, and the numbers and sizes of what was sent.
    pub(crate) fn finish(self, generation: u64) -> (Writes, Vec<(u64, usize)>) {
        let mut writes = self.overlay.into_writes();
        let numbered = self.accepted.into_iter().zip(0u64..);
        let sent = numbered.map(|(message, index)| {
            let (number, size) = (generation << 16 | index, message.len());
            writes.insert(outbox_key(number), Some(message));
            (number, size)
        });
        let sent = sent.collect();
        (writes, sent)
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
