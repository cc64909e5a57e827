//! The bounded way from any thread to the proxy's own.
//!
//! Senders append to one vector under a lock that is held for a push; the proxy takes the whole
//! vector at once, so a burst costs one wake-up and one lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use libetp::digest::Hash;
use libetp::params::runtime::Statement;
use libetp::verdict::Subject;
use libetp::{Domain, Message, Verdict};
use tokio::sync::Notify;

use crate::event::{Counter, StatementToken};

/// Messages that wait in the inbox.
pub const INBOX_MESSAGES_MAX: usize = 65_536;
/// Bytes of those messages.
pub const INBOX_BYTES_MAX: usize = 16 << 20;
/// Verdicts, statements and notes that wait in the inbox.
pub const INBOX_NOTES_MAX: usize = 16_384;

/// What the proxy is asked to do.
#[derive(Debug)]
pub(crate) enum Command {
    Send(u64, Message),
    Verdict(Hash, Subject, u64, Verdict),
    Statement(Domain, Option<Statement>, StatementToken),
    LocalDomains(Vec<Domain>),
    Refused(Option<Hash>, Counter, String),
    Shutdown,
}

/// Why the inbox does not take something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    Full,
    Closed,
}

#[derive(Default)]
struct Waiting {
    commands: Vec<Command>,
    messages: usize,
    bytes: usize,
    notes: usize,
    closed: bool,
    /// Notes not taken since they were last asked for.
    lost: u64,
}

#[derive(Default)]
pub(crate) struct Inbox {
    waiting: Mutex<Waiting>,
    ready: Notify,
}

impl Inbox {
    /// Appends a message.
    pub(crate) fn send(&self, number: u64, message: Message) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(NotTaken::Closed);
        }
        let bytes = waiting.bytes + message.wire_len();
        if waiting.messages >= INBOX_MESSAGES_MAX || bytes > INBOX_BYTES_MAX {
            return Err(NotTaken::Full);
        }
        waiting.messages += 1;
        waiting.bytes = bytes;
        self.push(waiting, Command::Send(number, message));
        Ok(())
    }

    /// Appends anything that others could make arbitrarily many of.
    pub(crate) fn note(&self, command: Command) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(NotTaken::Closed);
        }
        if waiting.notes >= INBOX_NOTES_MAX {
            waiting.lost += 1;
            return Err(NotTaken::Full);
        }
        waiting.notes += 1;
        self.push(waiting, command);
        Ok(())
    }

    /// Appends an order of this host's own, which always has room.
    pub(crate) fn order(&self, command: Command) {
        self.push(self.lock(), command);
    }

    /// Waits until something is there.
    pub(crate) async fn ready(&self) {
        self.ready.notified().await;
    }

    /// Takes everything, in order, leaving `empty` in its place.
    pub(crate) fn take(&self, empty: Vec<Command>) -> Vec<Command> {
        let mut waiting = self.lock();
        waiting.messages = 0;
        waiting.bytes = 0;
        waiting.notes = 0;
        std::mem::replace(&mut waiting.commands, empty)
    }

    /// How many notes found no room since this was last asked.
    pub(crate) fn lost(&self) -> u64 {
        std::mem::take(&mut self.lock().lost)
    }

    /// Takes nothing any more; what is there can still be taken out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
    }

    fn push(&self, mut waiting: MutexGuard<'_, Waiting>, command: Command) {
        let first = waiting.commands.is_empty();
        waiting.commands.push(command);
        drop(waiting);
        if first {
            self.ready.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use libetp::{EntityId, Mtype};

    fn message(param: usize) -> Message {
        let id = EntityId::default();
        Message::new(id, id, Mtype(0xC000), vec![0; param])
    }

    #[test]
    fn messages_are_bounded_in_number() {
        let inbox = Inbox::default();
        for number in 0..INBOX_MESSAGES_MAX as u64 {
            assert_eq!(inbox.send(number, message(0)), Ok(()));
        }
        assert_eq!(inbox.send(0, message(0)), Err(NotTaken::Full));
        assert_eq!(inbox.take(Vec::new()).len(), INBOX_MESSAGES_MAX);
        assert_eq!(inbox.send(0, message(0)), Ok(()));
    }

    #[test]
    fn messages_are_bounded_in_bytes() {
        let inbox = Inbox::default();
        let one = message(1 << 15);
        let fit = INBOX_BYTES_MAX / one.wire_len();
        for _ in 0..fit {
            assert_eq!(inbox.send(0, one.clone()), Ok(()));
        }
        assert_eq!(inbox.send(0, one), Err(NotTaken::Full));
    }

    #[test]
    fn a_closed_inbox_takes_nothing_and_loses_nothing() {
        let inbox = Inbox::default();
        assert_eq!(inbox.send(1, message(0)), Ok(()));
        inbox.close();
        assert_eq!(inbox.send(2, message(0)), Err(NotTaken::Closed));
        assert_eq!(inbox.take(Vec::new()).len(), 1);
    }

    #[test]
    fn notes_are_bounded_and_orders_always_fit() {
        let inbox = Inbox::default();
        let note = || Command::Refused(None, Counter::TlsAlpn, String::new());
        for _ in 0..INBOX_NOTES_MAX {
            assert_eq!(inbox.note(note()), Ok(()));
        }
        assert_eq!(inbox.note(note()), Err(NotTaken::Full));
        assert_eq!((inbox.lost(), inbox.lost()), (1, 0));
        inbox.order(Command::Shutdown);
        assert!(matches!(
            inbox.take(Vec::new()).last(),
            Some(Command::Shutdown)
        ));
    }
}
