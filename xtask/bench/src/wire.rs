//! Frames over a blocking socket, through dispatchd or through the relay.

use std::io::{Error, Read, Result, Write};
use std::os::unix::net::UnixStream;

use libetp::codec;
use libetp::frame::body::{Acquire, Acquired, Hello};
use libetp::frame::{self, Frame, kind};
use libetp::limits::HEADER_LEN;
use libetp::{EntityId, Header, Mtype};

use crate::Peer;

/// A private type: no program on a card knows it.
const MTYPE: Mtype = Mtype(0xC000);
const BUFFER_BYTES: usize = 256 * 1024;
/// Bytes of a `SEND` body before the parameters.
const SEND_LEN: usize = 18;

pub(crate) struct Wire {
    socket: UnixStream,
    to: EntityId,
    dispatchd: bool,
    sent: u64,
    input: Vec<u8>,
    start: usize,
    output: Vec<u8>,
}

/// A message that came.
pub(crate) struct Received {
    /// Who sent it; the relay does not say.
    pub(crate) from: Option<EntityId>,
    /// Bytes of its parameters.
    pub(crate) size: usize,
    number: u64,
}

impl Wire {
    pub(crate) fn open(peer: &Peer) -> Result<Self> {
        let socket = UnixStream::connect(&peer.socket)?;
        let to = peer.to.unwrap_or_default();
        let (input, output) = (Vec::with_capacity(2 * BUFFER_BYTES), Vec::new());
        let dispatchd = peer.dispatchd;
        let mut wire = Self {
            socket,
            to,
            dispatchd,
            sent: 0,
            input,
            start: 0,
            output,
        };
        if dispatchd {
            wire.acquire()?;
        }
        Ok(wire)
    }

    fn acquire(&mut self) -> Result<()> {
        let hello = Hello {
            version: frame::VERSION,
            name: "bench-peer".into(),
        };
        self.put(kind::HELLO, &[&codec::to_vec(&hello)]);
        self.put(
            kind::ACQUIRE,
            &[&codec::to_vec(&Acquire {
                domain: None,
                durable: false,
            })],
        );
        self.flush()?;
        let id = loop {
            let (kind, body) = self.frame(|frame| (frame.kind, frame.body.to_vec()))?;
            match kind {
                kind::WELCOME => {}
                kind::ACQUIRED => {
                    break codec::from_slice::<Acquired>(&body)
                        .map_err(Error::other)?
                        .id;
                }
                _ => return Err(Error::other(format!("frame {kind:#x} instead of an id"))),
            }
        };
        println!("{id}");
        Ok(())
    }

    /// Queues a message; [`Wire::flush`] writes it.
    pub(crate) fn send(&mut self, param: &[u8]) {
        self.send_as(MTYPE, param);
    }

    /// Queues a message of a type.
    pub(crate) fn send_as(&mut self, mtype: Mtype, param: &[u8]) {
        let to = self.to.to_bytes();
        self.put(kind::SEND, &[&to, &mtype.0.to_be_bytes(), param]);
    }

    /// Waits until the daemon has refused a message.
    pub(crate) fn refused(&mut self) -> Result<()> {
        match self.frame(|frame| frame.kind)? {
            kind::VERDICT => Ok(()),
            kind => Err(Error::other(format!("frame {kind:#x} and no verdict"))),
        }
    }

    /// Sends to somebody else from now on.
    pub(crate) fn turn_to(&mut self, to: EntityId) {
        self.to = to;
    }

    /// Tells the daemon that a delivery is taken; goes with the next write.
    pub(crate) fn taken(&mut self, received: &Received) {
        if self.dispatchd {
            frame::write(&mut self.output, kind::TAKEN, received.number, &[]);
        }
    }

    fn put(&mut self, kind: u8, body: &[&[u8]]) {
        self.sent += 1;
        frame::write(&mut self.output, kind, self.sent, body);
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        self.socket.write_all(&self.output)?;
        self.output.clear();
        Ok(())
    }

    /// Whether a whole frame lies in the buffer already.
    pub(crate) fn has_more(&self) -> bool {
        matches!(frame::parse(&self.input[self.start..]), Ok(Some(_)))
    }

    /// The next message.
    pub(crate) fn receive(&mut self) -> Result<Received> {
        self.frame(|frame| message(&frame))?
            .ok_or_else(|| Error::other("a frame that is no message"))
    }

    fn frame<T>(&mut self, read: impl Fn(Frame<'_>) -> T) -> Result<T> {
        loop {
            let parsed = frame::parse(&self.input[self.start..]).map_err(Error::other)?;
            if let Some((frame, used)) = parsed {
                let value = read(frame);
                self.start += used;
                return Ok(value);
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<()> {
        self.input.drain(..self.start);
        self.start = 0;
        let len = self.input.len();
        self.input.resize(len + BUFFER_BYTES, 0);
        let read = self.socket.read(&mut self.input[len..])?;
        self.input.truncate(len + read);
        match read {
            0 => Err(Error::other("the other side closed")),
            _ => Ok(()),
        }
    }
}

fn message(frame: &Frame<'_>) -> Option<Received> {
    let number = frame.number;
    match frame.kind {
        kind::SEND => Some(Received {
            from: None,
            size: frame.body.len().checked_sub(SEND_LEN)?,
            number,
        }),
        kind::DELIVER => {
            let (header, param) = frame.body.get(1..)?.split_first_chunk::<HEADER_LEN>()?;
            Some(Received {
                from: Some(Header::from_bytes(header).src),
                size: param.len(),
                number,
            })
        }
        _ => None,
    }
}
