//! Frames of the daemon.

use super::{Delivery, Reply, SENT_REMEMBERED, Sent, Session, VERDICTS_MAX};
use crate::client::error::{ClientError, ProtocolError, Undelivered};
use crate::client::text::shown;
use crate::codec::{self, Decode};
use crate::frame::body::{self, RequestError};
use crate::frame::{self, Frame, Origin, kind};
use crate::message::Message;
use crate::verdict::{Verdict, VerdictCode};

impl Session {
    /// `len` bytes were read into [`Session::space`].
    ///
    /// # Errors
    /// [`ClientError::Protocol`] if they are not the protocol. The session is of no more use.
    pub fn received(&mut self, len: usize) -> Result<(), ClientError> {
        self.input.filled(len);
        self.parse().map_err(|error| self.fail(error))
    }

    fn parse(&mut self) -> Result<(), ProtocolError> {
        while self.closed.is_none() && !self.failed {
            let Some((frame, used)) = frame::parse(self.input.unparsed())? else {
                break;
            };
            let event = Event::read(&frame)?;
            let number = frame.number;
            self.input.consume(used);
            self.apply(number, event)?;
        }
        Ok(())
    }

    fn apply(&mut self, number: u64, event: Event) -> Result<(), ProtocolError> {
        match event {
            Event::Delivery(delivery) => self.inbox.push(delivery),
            Event::Answer(kind, reply) => self.answered(number, kind, reply),
            Event::Verdict(verdict) => self.verdict(number, verdict),
            Event::Closing(closing) => {
                self.inbox.clear();
                self.closed = Some((closing.reason, closing.detail));
                Ok(())
            }
        }
    }

    fn answered(&mut self, number: u64, kind: u8, reply: Reply) -> Result<(), ProtocolError> {
        match self.open.get(&number) {
            Some(expected) if *expected == kind => self.close_request(number, reply),
            Some(_) => return Err(ProtocolError::Unexpected(kind)),
            None => return Err(ProtocolError::NotOpen(number)),
        }
        Ok(())
    }

    /// Only the latest request has somebody who waits for its answer.
    fn close_request(&mut self, number: u64, reply: Reply) {
        let latest = self.open.last_key_value().map(|(number, _)| *number);
        self.open.remove(&number);
        if latest == Some(number) {
            self.answer = Some((number, reply));
        }
    }

    fn verdict(&mut self, number: u64, body: body::VerdictBody) -> Result<(), ProtocolError> {
        let body::VerdictBody { code, detail } = body;
        if self.open.contains_key(&number) {
            self.close_request(number, Reply::Refused { code, detail });
            return Ok(());
        }
        let sent = self.sent_as(number)?;
        let verdict = verdict_of(code, &detail)?;
        if self.verdicts.len() == VERDICTS_MAX {
            self.verdicts.pop_front();
            self.verdicts_lost += 1;
        }
        self.verdicts.push_back(Undelivered {
            number,
            sent,
            verdict,
        });
        Ok(())
    }

    /// What message `number` was; `None` if that is forgotten.
    fn sent_as(&self, number: u64) -> Result<Option<Sent>, ProtocolError> {
        if let Ok(at) = self.sent.binary_search_by_key(&number, |sent| sent.0) {
            return Ok(Some(self.sent[at].1));
        }
        let oldest = self.sent.front().map_or(0, |sent| sent.0);
        match self.sent.len() == SENT_REMEMBERED && number < oldest {
            true => Ok(None),
            false => Err(ProtocolError::NotOpen(number)),
        }
    }
}

/// A reason for a request may also be given for a message, as by a derived capability. The words may be
/// those of another host: a program that shows them must not have its terminal written to by it.
fn verdict_of(code: u16, detail: &str) -> Result<Verdict, ProtocolError> {
    let detail = shown(detail);
    if let Some(code) = VerdictCode::from_u16(code) {
        return Ok(Verdict::new(code, detail));
    }
    let reason = RequestError::from_u16(code).ok_or(ProtocolError::VerdictCode(code))?;
    let detail = format!("{}: {detail}", reason.name());
    Ok(Verdict::new(VerdictCode::Refused, detail))
}

/// A frame of the daemon, read.
enum Event {
    Delivery(Delivery),
    Answer(u8, Reply),
    Verdict(body::VerdictBody),
    Closing(body::Closing),
}

impl Event {
    fn read(frame: &Frame<'_>) -> Result<Self, ProtocolError> {
        let reply = match frame.kind {
            kind::DELIVER => return delivery(frame).map(Self::Delivery),
            kind::VERDICT => return decode(frame).map(Self::Verdict),
            kind::CLOSING => return decode(frame).map(Self::Closing),
            kind::WELCOME => Reply::Welcome(welcome(frame)?),
            kind::ACQUIRED => Reply::Acquired(decode(frame)?),
            kind::DERIVED => Reply::Derived(decode::<body::Token>(frame)?.token),
            kind::CONTROL_REPLY => Reply::Control(frame.body.to_vec()),
            kind::FLUSHED => empty(frame, Reply::Flushed)?,
            kind::RELEASED => empty(frame, Reply::Released)?,
            other => return Err(ProtocolError::Unexpected(other)),
        };
        Ok(Self::Answer(frame.kind, reply))
    }
}

fn welcome(frame: &Frame<'_>) -> Result<body::Welcome, ProtocolError> {
    let welcome: body::Welcome = decode(frame)?;
    match welcome.version == frame::VERSION {
        true => Ok(welcome),
        false => Err(ProtocolError::Version(welcome.version)),
    }
}

fn delivery(frame: &Frame<'_>) -> Result<Delivery, ProtocolError> {
    let (origin, message) = frame.body.split_first().ok_or(ProtocolError::Delivery)?;
    Ok(Delivery {
        number: frame.number,
        origin: Origin::from_u8(*origin).ok_or(ProtocolError::Delivery)?,
        message: Message::from_bytes(message).map_err(|_| ProtocolError::Delivery)?,
    })
}

fn empty(frame: &Frame<'_>, reply: Reply) -> Result<Reply, ProtocolError> {
    match frame.body.is_empty() {
        true => Ok(reply),
        false => Err(ProtocolError::Body {
            kind: frame.kind,
            error: codec::CodecError::Schema("expected an empty body"),
        }),
    }
}

fn decode<T: Decode>(frame: &Frame<'_>) -> Result<T, ProtocolError> {
    codec::from_slice(frame.body).map_err(|error| ProtocolError::Body {
        kind: frame.kind,
        error,
    })
}
