//! The socket under a session, and how it waits.

use std::future::Future;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::Interest;

/// A connected stream socket that never blocks except in [`Socket::ready`].
pub trait Socket: Send + Sync {
    /// Reads what is there; `WouldBlock` if nothing is.
    ///
    /// # Errors
    /// As `read(2)`.
    fn try_read(&self, space: &mut [u8]) -> io::Result<usize>;

    /// Writes what fits; `WouldBlock` if nothing does.
    ///
    /// # Errors
    /// As `write(2)`.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;

    /// Waits until the socket can be read or, if wanted, written. False when the deadline passes
    /// first.
    fn ready(
        &self,
        wanted: Wanted,
        deadline: Option<Instant>,
    ) -> impl Future<Output = io::Result<bool>> + Send;
}

/// What a program waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Bytes to read.
    Read,
    /// Room to write.
    Write,
    /// Either.
    Both,
}

/// A tokio socket. Needs a runtime with I/O and time enabled; a current-thread one will do.
#[derive(Debug)]
pub struct AsyncSocket(tokio::net::UnixStream);

impl AsyncSocket {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        tokio::net::UnixStream::from_std(stream).map(Self)
    }
}

impl Socket for AsyncSocket {
    fn try_read(&self, space: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(space)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    async fn ready(&self, wanted: Wanted, deadline: Option<Instant>) -> io::Result<bool> {
        let interest = match wanted {
            Wanted::Read => Interest::READABLE,
            Wanted::Write => Interest::WRITABLE,
            Wanted::Both => Interest::READABLE | Interest::WRITABLE,
        };
        let ready = self.0.ready(interest);
        let Some(deadline) = deadline else {
            return ready.await.map(|_| true);
        };
        match tokio::time::timeout_at(deadline.into(), ready).await {
            Ok(ready) => ready.map(|_| true),
            Err(_) => Ok(false),
        }
    }
}

/// A socket of the standard library; waiting blocks the thread.
#[derive(Debug)]
pub struct BlockingSocket(UnixStream);

impl BlockingSocket {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self(stream))
    }

    fn wait(&self, wanted: Wanted, deadline: Option<Instant>) -> io::Result<bool> {
        let flags = match wanted {
            Wanted::Read => PollFlags::POLLIN,
            Wanted::Write => PollFlags::POLLOUT,
            Wanted::Both => PollFlags::POLLIN | PollFlags::POLLOUT,
        };
        loop {
            let mut fds = [PollFd::new(self.0.as_fd(), flags)];
            match poll(&mut fds, poll_timeout(deadline)) {
                Ok(0) if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                    return Ok(false);
                }
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => return Ok(true),
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// Rounded up, so that a deadline is never polled away in a busy loop.
fn poll_timeout(deadline: Option<Instant>) -> PollTimeout {
    let Some(deadline) = deadline else {
        return PollTimeout::NONE;
    };
    let left = deadline.saturating_duration_since(Instant::now());
    let millis = left.as_nanos().div_ceil(1_000_000);
    PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
}

impl Socket for BlockingSocket {
    fn try_read(&self, space: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(space)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    async fn ready(&self, wanted: Wanted, deadline: Option<Instant>) -> io::Result<bool> {
        self.wait(wanted, deadline)
    }
}
