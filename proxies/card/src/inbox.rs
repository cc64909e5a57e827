//! The bounded queue from the daemon to a card thread.
//!
//! Closing and emptying it is one step, so that no message is accepted that nobody will look at.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use libetp::Message;

/// A message with the daemon's number.
pub(crate) type Numbered = (u64, Message);

/// Why a message was not taken; it is given back.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The queue is at its limit.
    #[error("the queue of the card is full")]
    Full(Message),
    /// The card is gone or its thread ends.
    #[error("the card is gone")]
    Closed(Message),
}

/// Puts messages into the queue of a card. Never blocks.
#[derive(Clone, Debug)]
pub struct CardSender(Arc<Inbox>);

impl CardSender {
    /// Queues a message for the card. `number` comes back in
    /// [`Completed`](crate::CardEvent::Completed) or [`Failed`](crate::CardEvent::Failed), one of
    /// them, once.
    ///
    /// # Errors
    /// [`SendError`] with the message.
    pub fn try_send(&self, number: u64, message: Message) -> Result<(), SendError> {
        self.0.push(number, message)
    }

    /// What the card is asked, to prove itself: goes before all messages, to whatever is in the card's place. See
    /// [`Binding::challenge`](crate::Binding::challenge).
    ///
    /// # Errors
    /// [`SendError::Closed`] with the message.
    pub fn challenge(&self, number: u64, message: Message) -> Result<(), SendError> {
        self.0.challenge(number, message)
    }

    /// The card with this boot id proved itself: messages go to it, until it is powered up anew.
    pub fn prove(&self, boot_id: [u8; 8]) {
        self.0.prove(boot_id);
    }

    pub(crate) fn new(inbox: Arc<Inbox>) -> Self {
        Self(inbox)
    }
}

/// What the thread finds when it looks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The card proved itself, with this boot id.
    Proved([u8; 8]),
    /// What the card is asked, to prove itself.
    Challenge(Numbered),
    /// A message.
    Message(Numbered),
    /// Nothing within the time given.
    Nothing,
    /// Nothing more will come.
    Ended,
}

#[derive(Debug)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    proved: Option<[u8; 8]>,
    challenge: Option<Numbered>,
    messages: VecDeque<Numbered>,
    closed: bool,
}

impl State {
    fn has_something(&self, has_room: bool) -> bool {
        let has_message = has_room && !self.messages.is_empty();
        has_message || self.proved.is_some() || self.challenge.is_some()
    }

    fn take(&mut self, has_room: bool) -> Taken {
        if let Some(boot_id) = self.proved.take() {
            return Taken::Proved(boot_id);
        }
        if let Some(challenge) = self.challenge.take() {
            return Taken::Challenge(challenge);
        }
        match (self.messages.is_empty(), self.closed) {
            (true, true) => Taken::Ended,
            (false, _) if has_room => self
                .messages
                .pop_front()
                .map_or(Taken::Nothing, Taken::Message),
            _ => Taken::Nothing,
        }
    }
}

impl Inbox {
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            capacity,
        })
    }

    fn push(&self, number: u64, message: Message) -> Result<(), SendError> {
        let mut state = self.lock();
        if state.closed {
            return Err(SendError::Closed(message));
        }
        if state.messages.len() >= self.capacity {
            return Err(SendError::Full(message));
        }
        state.messages.push_back((number, message));
        self.changed.notify_one();
        Ok(())
    }

    fn challenge(&self, number: u64, message: Message) -> Result<(), SendError> {
        let mut state = self.lock();
        if state.closed {
            return Err(SendError::Closed(message));
        }
        state.challenge = Some((number, message));
        self.changed.notify_one();
        Ok(())
    }

    fn prove(&self, boot_id: [u8; 8]) {
        self.lock().proved = Some(boot_id);
        self.changed.notify_one();
    }

    /// The next thing, a message only if there is room for it; waits for it at most `wait`, or for ever, or for
    /// the end.
    pub(crate) fn take(&self, wait: Option<Duration>, has_room: bool) -> Taken {
        let idle = |state: &mut State| !state.has_something(has_room) && !state.closed;
        let state = self.lock();
        let mut state = match wait {
            None => self
                .changed
                .wait_while(state, idle)
                .unwrap_or_else(PoisonError::into_inner),
            Some(wait) => {
                let waited = self.changed.wait_timeout_while(state, wait, idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.take(has_room)
    }

    /// Whether nothing more is taken in.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Waits at most so long for the queue to be closed. Says whether it is.
    pub(crate) fn wait_for_end(&self, at_most: Duration) -> bool {
        let is_open = |state: &mut State| !state.closed;
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), at_most, is_open);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// Takes nothing more. What is inside can still be taken.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    // Every update of the state is one assignment or one push: it is whole even after a panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
