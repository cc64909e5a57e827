//! The loop between reader and card.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::linux::net::TcpStreamExt;
use std::time::Duration;

use card_proxy::{Link, LinkError};
use libetp::exchange::StatusWord;
use libetp::exchange::apdu::Apdu;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::atr::{Protocol, atr};
use super::wire::{self, BODY_BYTES_MAX, Order};

/// How long the reader may take to take an answer.
const ANSWER_TAKEN: Duration = Duration::from_secs(5);
/// Most data of a response: beside it, a frame holds the status word.
const EXPECTED_BYTES_MAX: usize = BODY_BYTES_MAX - 2;
/// Bytes that are read at a time.
const READ_BYTES: usize = 1 << 16;

/// A card that can be put into a virtual reader.
#[derive(Debug)]
pub struct VirtualCard<L> {
    link: L,
    protocol: Protocol,
}

/// Why a card is not in its reader any more.
#[derive(Debug, thiserror::Error)]
pub enum Pulled {
    /// As the caller wanted.
    #[error("pulled as asked")]
    Asked,
    /// The reader is gone, or `pcscd` with it.
    #[error("no reader: {0}")]
    Reader(io::Error),
    /// The card has no answer.
    #[error(transparent)]
    Card(LinkError),
}

impl<L: Link> VirtualCard<L> {
    /// A card that offers a protocol.
    pub fn new(link: L, protocol: Protocol) -> Self {
        Self { link, protocol }
    }

    /// The card is in the reader at the other end of `stream`, just powered up, until one of the two is gone, or
    /// until `stop` can be read or its other end is closed. A command that is under way is carried out and
    /// answered first.
    pub fn insert(&mut self, stream: &TcpStream, stop: &impl AsFd) -> Pulled {
        self.insert_telling(stream, stop, || ())
    }

    /// The same; `seen` is called once, when the reader says something for the first time. Before that it may have
    /// another card.
    pub fn insert_telling(
        &mut self,
        stream: &TcpStream,
        stop: &impl AsFd,
        seen: impl FnOnce(),
    ) -> Pulled {
        match self.serve(stream, stop, seen) {
            Ok(()) => Pulled::Asked,
            Err(pulled) => pulled,
        }
    }

    /// Swapped within the reader's pause between two looks, the card is sent commands without getting power before.
    fn serve(
        &mut self,
        stream: &TcpStream,
        stop: &impl AsFd,
        seen: impl FnOnce(),
    ) -> Result<(), Pulled> {
        let timeout = stream.set_write_timeout(Some(ANSWER_TAKEN));
        timeout.map_err(Pulled::Reader)?;
        self.power_up()?;
        let mut read = Vec::new();
        let mut seen = Some(seen);
        loop {
            while let Some(order) = wire::take(&mut read) {
                if let Some(seen) = seen.take() {
                    seen();
                }
                self.obey(order, stream)?;
            }
            if !wait(stream, stop).map_err(Pulled::Reader)? {
                return Ok(());
            }
            read_more(stream, &mut read).map_err(Pulled::Reader)?;
        }
    }

    fn obey(&mut self, order: Order, mut stream: &TcpStream) -> Result<(), Pulled> {
        let answer = match order {
            Order::PowerOff | Order::PowerOn | Order::Reset => return self.power_up(),
            Order::SendAtr => wire::frame(&atr(self.protocol)),
            Order::Transmit(command) => wire::frame(&self.carry_out(&command)?),
        };
        let none = || LinkError::Lost("its response does not go through a reader".into());
        let answer = answer.ok_or_else(none).map_err(Pulled::Card)?;
        stream.write_all(&answer).map_err(Pulled::Reader)
    }

    fn carry_out(&mut self, command: &[u8]) -> Result<Vec<u8>, Pulled> {
        match is_extended(command) && !self.protocol.is_extended() {
            true => Ok(StatusWord::WRONG_LENGTH.0.to_be_bytes().into()),
            false => self
                .link
                .transmit(&within_frame(command))
                .map_err(Pulled::Card),
        }
    }

    /// What the card has in memory is gone with its power, not only when it comes back.
    fn power_up(&mut self) -> Result<(), Pulled> {
        self.link.reset().map_err(Pulled::Card)
    }
}

/// Whether lengths are written in two bytes, behind a zero where a short command has its only length.
fn is_extended(command: &[u8]) -> bool {
    matches!(command, [_, _, _, _, 0, _, _, ..])
}

/// The command, for a response that a frame holds. GET RESPONSE fetches the rest.
fn within_frame(command: &[u8]) -> Cow<'_, [u8]> {
    let longer = |apdu: &Apdu<'_>| {
        apdu.expected
            .is_some_and(|bytes| bytes > EXPECTED_BYTES_MAX)
    };
    let Some(apdu) = Apdu::parse(command).ok().filter(longer) else {
        return command.into();
    };
    let apdu = Apdu {
        expected: Some(EXPECTED_BYTES_MAX),
        ..apdu
    };
    let mut bytes = Vec::with_capacity(command.len());
    apdu.write_extended(&mut bytes);
    bytes.into()
}

/// Waits until the reader says something; false if this is to stop.
fn wait(stream: &TcpStream, stop: &impl AsFd) -> io::Result<bool> {
    let mut fds = [stop.as_fd(), stream.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
    loop {
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            polled => {
                polled?;
                let stops = fds[0].revents().is_some_and(|events| !events.is_empty());
                return Ok(!stops);
            }
        }
    }
}

/// The reader sends each frame in two parts and the second one only when the first is acknowledged, for which
/// the kernel would take its time. It does not for the next bytes alone, so this is said before each read.
fn read_more(mut stream: &TcpStream, read: &mut Vec<u8>) -> io::Result<()> {
    stream.set_quickack(true)?;
    let old = read.len();
    read.resize(old + READ_BYTES, 0);
    let more = stream.read(&mut read[old..]);
    read.truncate(old + more.as_ref().unwrap_or(&0));
    match more {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
        more => more.map(drop),
    }
}
