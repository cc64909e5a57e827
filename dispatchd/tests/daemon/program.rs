//! A program that writes and reads the frames of the application socket itself.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use libetp::client::control::{self, ControlReply, ControlRequest, Status};
use libetp::codec::{self, Decode, Encode};
use libetp::frame::body::{Acquire, Acquired, Hello, Resume, VerdictBody, Welcome};
use libetp::frame::{self, VERSION, kind};
use libetp::{EntityId, Message, Mtype};

/// How long a test waits for what must come.
const ANSWER_S_MAX: u64 = 30;

/// A frame with a body of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) number: u64,
    pub(crate) body: Vec<u8>,
}

impl Frame {
    pub(crate) fn body<T: Decode>(&self) -> T {
        codec::from_slice(&self.body).unwrap()
    }

    /// The code of a verdict frame.
    pub(crate) fn verdict(&self) -> u16 {
        assert_eq!(self.kind, kind::VERDICT, "{self:?}");
        self.body::<VerdictBody>().code
    }

    /// The message of a delivery.
    pub(crate) fn message(&self) -> Message {
        assert_eq!(self.kind, kind::DELIVER, "{self:?}");
        Message::from_bytes(&self.body[1..]).unwrap()
    }
}

/// A connection.
pub(crate) struct Program {
    stream: UnixStream,
    buffer: Vec<u8>,
    number: u64,
}

impl Program {
    pub(crate) fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(ANSWER_S_MAX)))
            .unwrap();
        let mut program = Self {
            stream,
            buffer: Vec::new(),
            number: 0,
        };
        program.send(
            kind::HELLO,
            &Hello {
                version: VERSION,
                name: "test".into(),
            },
        );
        let welcome = program.next().unwrap();
        assert_eq!(welcome.kind, kind::WELCOME);
        assert_eq!(welcome.body::<Welcome>().version, VERSION);
        program
    }

    /// Writes a frame; its number.
    pub(crate) fn write(&mut self, kind: u8, body: &[u8]) -> u64 {
        self.number += 1;
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, self.number, &[body]);
        self.stream.write_all(&bytes).unwrap();
        self.number
    }

    pub(crate) fn send(&mut self, kind: u8, body: &impl Encode) -> u64 {
        self.write(kind, &codec::to_vec(body))
    }

    /// The next frame; `None` at the end of the connection.
    pub(crate) fn next(&mut self) -> Option<Frame> {
        self.try_next().unwrap()
    }

    fn try_next(&mut self) -> std::io::Result<Option<Frame>> {
        loop {
            if let Some((frame, len)) = frame::parse(&self.buffer).unwrap() {
                let (kind, number, body) = (frame.kind, frame.number, frame.body.to_vec());
                self.buffer.drain(..len);
                return Ok(Some(Frame { kind, number, body }));
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return Ok(None),
                Ok(len) => self.buffer.extend_from_slice(&bytes[..len]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// The next frame, if one comes in time.
    pub(crate) fn next_within(&mut self, time: Duration) -> Option<Frame> {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let frame = self.try_next();
        self.stream
            .set_read_timeout(Some(Duration::from_secs(ANSWER_S_MAX)))
            .unwrap();
        frame.ok().flatten()
    }

    /// The next frame, which must be the answer to `number`.
    pub(crate) fn answer(&mut self, number: u64) -> Frame {
        let frame = self.next().expect("an answer");
        assert_eq!(frame.number, number, "{frame:?}");
        frame
    }

    pub(crate) fn acquire(&mut self, durable: bool) -> Acquired {
        let number = self.send(
            kind::ACQUIRE,
            &Acquire {
                domain: None,
                durable,
            },
        );
        let frame = self.answer(number);
        assert_eq!(
            frame.kind,
            kind::ACQUIRED,
            "{:?}",
            frame.body::<VerdictBody>()
        );
        frame.body()
    }

    /// Takes a durable capability up again.
    pub(crate) fn resume(&mut self, id: EntityId, secret: [u8; 32]) -> Frame {
        let number = self.send(kind::RESUME, &Resume { id, secret });
        self.answer(number)
    }

    pub(crate) fn message(&mut self, dst: EntityId, mtype: Mtype, param: &[u8]) -> u64 {
        let mut body = dst.to_bytes().to_vec();
        body.extend_from_slice(&mtype.0.to_be_bytes());
        body.extend_from_slice(param);
        self.write(kind::SEND, &body)
    }

    /// Says that deliveries up to `number` are taken; the daemon may be gone already.
    pub(crate) fn write_taken(&mut self, number: u64) {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind::TAKEN, number, &[]);
        let _ = self.stream.write_all(&bytes);
    }

    pub(crate) fn flush(&mut self) -> u64 {
        self.write(kind::FLUSH, &[])
    }

    pub(crate) fn control(&mut self, request: &ControlRequest) -> ControlReply {
        let number = self.write(kind::CONTROL, &control::encode(request));
        let frame = self.answer(number);
        assert_eq!(frame.kind, kind::CONTROL_REPLY);
        control::decode(&frame.body).unwrap()
    }

    pub(crate) fn status(&mut self) -> Status {
        match self.control(&ControlRequest::Status) {
            ControlReply::Status(status) => *status,
            other => panic!("{other:?}"),
        }
    }
}
