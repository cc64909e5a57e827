//! The program's side of the application socket, without the socket.
//!
//! [`Session`] turns requests and messages into bytes and bytes into replies, deliveries and
//! verdicts. It numbers frames, matches answers to requests, remembers what recent messages were
//! so that a verdict can name them, and decides when deliveries are reported as taken. Both the
//! async and the blocking API drive this one machine.

mod buffer;
mod inbox;
mod incoming;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use buffer::{Input, Output};
use inbox::Inbox;

pub use inbox::{Delivery, Taking};

use super::error::{ClientError, ProtocolError, Undelivered};
use crate::codec::{self, Encode};
use crate::frame::{self, body, kind};
use crate::id::EntityId;
use crate::limits::PARAM_BYTES_MAX;
use crate::mtype::Mtype;

/// Bytes of messages that may wait for the program before the session stops reading.
pub const HELD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most verdicts that are kept for the program; older ones are dropped and counted.
pub const VERDICTS_MAX: usize = 4_096;
/// How many of the latest messages are remembered so that a late verdict can name them.
pub const SENT_REMEMBERED: usize = 4_096;

/// The encoding of `[]`.
const EMPTY_ARRAY: [u8; 1] = [0x80];

/// A request that the daemon answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A new id.
    Acquire(body::Acquire),
    /// A durable id again.
    Resume(body::Resume),
    /// A derived id.
    Adopt(body::Token),
    /// A token for another program.
    Derive(body::Derive),
    /// The end of this id.
    Release,
    /// The barrier behind the messages before it.
    Flush,
    /// An administrator's question, encoded.
    Control(Vec<u8>),
}

/// The daemon's answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// To `HELLO`.
    Welcome(body::Welcome),
    /// To acquire, resume and adopt.
    Acquired(body::Acquired),
    /// To derive.
    Derived([u8; 32]),
    /// To release.
    Released,
    /// To flush.
    Flushed,
    /// To a control request, encoded.
    Control(Vec<u8>),
    /// To any request.
    Refused {
        /// A [`body::RequestError`].
        code: u16,
        /// Words for people.
        detail: String,
    },
}

/// What a message was, for its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Who was meant.
    pub dst: EntityId,
    /// Its type.
    pub mtype: Mtype,
}

/// See the module's head.
#[derive(Debug)]
pub struct Session {
    input: Input,
    output: Output,
    last_number: u64,
    /// Requests without an answer, and the kind of frame that answers each.
    open: BTreeMap<u64, u8>,
    /// The answer to the latest request.
    answer: Option<(u64, Reply)>,
    inbox: Inbox,
    sent: VecDeque<(u64, Sent)>,
    verdicts: VecDeque<Undelivered>,
    verdicts_lost: u64,
    closed: Option<(u16, String)>,
    failed: bool,
}

impl Session {
    /// A session that greets the daemon as `name`; with it the number of the greeting.
    pub fn new(name: &str) -> (Self, u64) {
        let mut session = Self {
            input: Input::new(),
            output: Output::default(),
            last_number: 0,
            open: BTreeMap::new(),
            answer: None,
            inbox: Inbox::default(),
            sent: VecDeque::new(),
            verdicts: VecDeque::new(),
            verdicts_lost: 0,
            closed: None,
            failed: false,
        };
        let hello = body::Hello {
            version: frame::VERSION,
            name: name.into(),
        };
        let number = session.ask(kind::HELLO, kind::WELCOME, &codec::to_vec(&hello));
        (session, number)
    }

    /// Asks the daemon; the answer comes out of [`Session::reply`]. The answer to an earlier
    /// request that nobody fetched is forgotten.
    pub fn request(&mut self, request: &Request) -> u64 {
        match request {
            Request::Acquire(body) => self.ask_with(kind::ACQUIRE, kind::ACQUIRED, body),
            Request::Resume(body) => self.ask_with(kind::RESUME, kind::ACQUIRED, body),
            Request::Adopt(body) => self.ask_with(kind::ADOPT, kind::ACQUIRED, body),
            Request::Derive(body) => self.ask_with(kind::DERIVE, kind::DERIVED, body),
            Request::Release => self.ask(kind::RELEASE, kind::RELEASED, &EMPTY_ARRAY),
            Request::Flush => self.ask(kind::FLUSH, kind::FLUSHED, &[]),
            Request::Control(body) => self.ask(kind::CONTROL, kind::CONTROL_REPLY, body),
        }
    }

    fn ask_with(&mut self, kind: u8, answer: u8, body: &impl Encode) -> u64 {
        self.ask(kind, answer, &codec::to_vec(body))
    }

    fn ask(&mut self, kind: u8, answer: u8, body: &[u8]) -> u64 {
        self.answer = None;
        self.tell_taken();
        let number = self.next_number();
        frame::write(&mut self.output.bytes, kind, number, &[body]);
        self.open.insert(number, answer);
        number
    }

    /// The answer to the request `number`, once.
    pub fn reply(&mut self, number: u64) -> Option<Reply> {
        self.answer
            .take_if(|(answered, _)| *answered == number)
            .map(|(_, reply)| reply)
    }

    /// Queues a message; returns its number.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`] if `param` is longer than a message takes.
    pub fn send(&mut self, dst: EntityId, mtype: Mtype, param: &[u8]) -> Result<u64, ClientError> {
        if param.len() > PARAM_BYTES_MAX {
            return Err(ClientError::TooLarge(param.len()));
        }
        let number = self.next_number();
        let body: [&[u8]; 3] = [&dst.to_bytes(), &mtype.0.to_be_bytes(), param];
        frame::write(&mut self.output.bytes, kind::SEND, number, &body);
        if self.sent.len() == SENT_REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back((number, Sent { dst, mtype }));
        Ok(number)
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Where the socket's bytes are read to, before [`Session::received`].
    pub fn space(&mut self) -> &mut [u8] {
        self.input.space()
    }

    /// What is to be written.
    pub fn output(&self) -> &[u8] {
        self.output.pending()
    }

    /// The first `len` bytes of [`Session::output`] are written.
    pub fn written(&mut self, len: usize) {
        self.output.written(len);
    }

    /// Whether there is room for what the daemon says.
    pub fn wants_input(&self) -> bool {
        self.inbox.held_bytes() < HELD_BYTES_MAX
    }

    /// Bytes of messages that wait for the program.
    pub fn held_bytes(&self) -> usize {
        self.inbox.held_bytes()
    }

    /// When deliveries count as taken.
    pub fn set_taking(&mut self, taking: Taking) {
        self.inbox.taking = taking;
    }

    /// The next message for this id.
    pub fn delivery(&mut self) -> Option<Delivery> {
        let delivery = self.inbox.pop()?;
        if self.inbox.is_tell_due() {
            self.tell_taken();
        }
        Some(delivery)
    }

    /// The first message behind delivery `after` that fits; others keep their order.
    pub fn delivery_where(
        &mut self,
        after: u64,
        fits: impl Fn(&Delivery) -> bool,
    ) -> Option<Delivery> {
        self.inbox.pop_where(after, fits)
    }

    /// Number of the newest delivery that arrived.
    pub fn last_delivery(&self) -> u64 {
        self.inbox.last_seen()
    }

    /// The program has delivery `number` and those before it that it received.
    pub fn take(&mut self, number: u64) {
        self.inbox.take(number);
    }

    /// The program has everything that it received.
    pub fn take_received(&mut self) {
        self.inbox.take_handed();
    }

    /// Puts what was taken into the output. Called before every wait.
    pub fn tell_taken(&mut self) {
        if let Some(number) = self.inbox.tell() {
            frame::write(&mut self.output.bytes, kind::TAKEN, number, &[]);
        }
    }

    /// All verdicts so far, oldest first.
    pub fn verdicts(&mut self) -> Vec<Undelivered> {
        self.verdicts.drain(..).collect()
    }

    /// The oldest verdict.
    pub fn next_verdict(&mut self) -> Option<Undelivered> {
        self.verdicts.pop_front()
    }

    /// The verdict on one message.
    pub fn verdict_of(&mut self, number: u64) -> Option<Undelivered> {
        let at = self.verdicts.iter().position(|v| v.number == number)?;
        self.verdicts.remove(at)
    }

    /// Verdicts on messages before `number`, oldest first.
    pub fn verdicts_before(&mut self, number: u64) -> Vec<Undelivered> {
        let (before, after): (Vec<_>, Vec<_>) =
            self.verdicts.drain(..).partition(|v| v.number < number);
        self.verdicts = VecDeque::from(after);
        before
    }

    /// How many verdicts were dropped because nobody fetched them.
    pub fn verdicts_lost(&self) -> u64 {
        self.verdicts_lost
    }

    /// The stream ended; why, as far as the daemon said.
    pub fn ended(&mut self) -> ClientError {
        self.failed = true;
        self.inbox.clear();
        match self.closed.clone() {
            Some((code, detail)) => ClientError::closed(code, detail),
            None => ClientError::Disconnected,
        }
    }

    /// Whether the session can go on.
    ///
    /// # Errors
    /// [`ClientError::Closed`] after the daemon's farewell, [`ClientError::Disconnected`] after
    /// any other end.
    pub fn check(&mut self) -> Result<(), ClientError> {
        match self.failed || self.closed.is_some() {
            true => Err(self.ended()),
            false => Ok(()),
        }
    }

    fn fail(&mut self, error: ProtocolError) -> ClientError {
        self.failed = true;
        self.inbox.clear();
        ClientError::Protocol(error)
    }
}
