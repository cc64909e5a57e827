//! Whole frames over a blocking stream, each within a time.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use libetp::frame::{self, Frame};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;

use super::FRAME_MS_MAX;
use super::wire::WireError;

/// Bytes that are read at a time.
const READ_BYTES: usize = 1 << 16;

/// Why no frame came or went.
#[derive(Debug, thiserror::Error)]
pub(super) enum StreamError {
    /// The other end closed, in the middle of a frame or between two.
    #[error("the other end closed the connection")]
    Ended,
    /// Nothing whole within the time.
    #[error("no answer within {} ms", .0.as_millis())]
    TimedOut(Duration),
    /// The system failed.
    #[error("{0}")]
    Io(io::Error),
    /// What came is not the protocol.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// A stream of frames.
#[derive(Debug)]
pub(super) struct Frames {
    stream: UnixStream,
    /// Room for what is read.
    buffer: Vec<u8>,
    /// How much of it was read and is not dropped yet.
    filled: usize,
    /// How much of that the frame took that was read last.
    taken: usize,
    /// How long a read waits, as it was said last.
    waits: Duration,
}

impl Frames {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_write_timeout(Some(Duration::from_millis(FRAME_MS_MAX)))?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
            filled: 0,
            taken: 0,
            waits: Duration::ZERO,
        })
    }

    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        self.stream
            .write_all(bytes)
            .map_err(|error| match error.kind() {
                ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => StreamError::Ended,
                _ if would_block(&error) => {
                    StreamError::TimedOut(Duration::from_millis(FRAME_MS_MAX))
                }
                _ => StreamError::Io(error),
            })
    }

    /// The next frame, which must be whole within the time.
    pub(super) fn receive(&mut self, within: Duration) -> Result<Frame<'_>, StreamError> {
        self.drop_taken();
        let deadline = Instant::now() + within;
        while frame::parse(&self.buffer[..self.filled])
            .map_err(WireError::from)?
            .is_none()
        {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(StreamError::TimedOut(within));
            }
            self.read(left, within)?;
        }
        match frame::parse(&self.buffer[..self.filled]).map_err(WireError::from)? {
            Some((frame, taken)) => {
                self.taken = taken;
                Ok(frame)
            }
            None => Err(StreamError::Ended),
        }
    }

    fn drop_taken(&mut self) {
        let taken = std::mem::take(&mut self.taken);
        self.buffer.copy_within(taken..self.filled, 0);
        self.filled -= taken;
    }

    fn read(&mut self, left: Duration, within: Duration) -> Result<(), StreamError> {
        self.wait_for(left).map_err(StreamError::Io)?;
        if self.buffer.len() < self.filled + READ_BYTES {
            self.buffer.resize(self.filled + READ_BYTES, 0);
        }
        let read = self.stream.read(&mut self.buffer[self.filled..]);
        self.filled += *read.as_ref().unwrap_or(&0);
        match read {
            Ok(0) => Err(StreamError::Ended),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Err(StreamError::Ended),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) if would_block(&error) => Err(StreamError::TimedOut(within)),
            Err(error) => Err(StreamError::Io(error)),
        }
    }

    /// Has reads wait so long, up to a millisecond more. Mostly that is what was said before.
    fn wait_for(&mut self, left: Duration) -> io::Result<()> {
        let millis = u64::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
        let waits = Duration::from_millis(millis);
        if waits != self.waits {
            self.stream.set_read_timeout(Some(waits))?;
            self.waits = waits;
        }
        Ok(())
    }

    /// Process and user at the other end.
    pub(super) fn peer(&self) -> Option<(i32, u32)> {
        let peer = getsockopt(&self.stream, PeerCredentials).ok()?;
        Some((peer.pid(), peer.uid()))
    }

    /// Whether there is something to read, the end included.
    pub(super) fn has_news(&self) -> io::Result<bool> {
        Ok(self.has_bytes() || ready(&[self.as_fd()], Some(Duration::ZERO))?[0])
    }

    /// Whether bytes were read that nobody looked at yet.
    pub(super) fn has_bytes(&self) -> bool {
        self.filled > self.taken
    }
}

impl AsFd for Frames {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Which of these have something to read, once one of them has or the time is over.
pub(super) fn ready(fds: &[BorrowedFd<'_>], within: Option<Duration>) -> io::Result<Vec<bool>> {
    let timeout = within.map_or(PollTimeout::NONE, |within| {
        PollTimeout::try_from(within).unwrap_or(PollTimeout::MAX)
    });
    let mut fds: Vec<_> = fds
        .iter()
        .map(|fd| PollFd::new(*fd, PollFlags::POLLIN))
        .collect();
    match poll(&mut fds, timeout) {
        Ok(_) => {}
        Err(Errno::EINTR) => return Ok(vec![false; fds.len()]),
        Err(errno) => return Err(errno.into()),
    }
    Ok(fds
        .iter()
        .map(|fd| fd.revents().is_some_and(|events| !events.is_empty()))
        .collect())
}

fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}
