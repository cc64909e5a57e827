//! The socket under a session: whom it is opened to, and how it waits.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use tokio::io::Interest;

use super::error::{ClientError, Distrust};

/// Group and others may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Only owners may rename or remove entries.
const STICKY: u32 = 0o1000;

/// Users whose daemon a program speaks to: root, the program's own user, and those added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    uids: BTreeSet<u32>,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            uids: BTreeSet::from([0, nix::unistd::Uid::effective().as_raw()]),
        }
    }
}

impl Trust {
    /// Also this user.
    #[must_use]
    pub fn and(mut self, uid: u32) -> Self {
        self.uids.insert(uid);
        self
    }

    /// Looks at a socket and its directory before anything is said.
    fn inspect(&self, path: &Path) -> io::Result<Result<(), Distrust>> {
        let socket = std::fs::symlink_metadata(path)?;
        let parent = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let directory = std::fs::metadata(parent.unwrap_or(Path::new(".")))?;
        Ok(self.judge(&socket, &directory))
    }

    fn judge(&self, socket: &impl Facts, directory: &impl Facts) -> Result<(), Distrust> {
        if !socket.is_socket() {
            return Err(Distrust::NotASocket);
        }
        if !self.uids.contains(&socket.owner()) {
            return Err(Distrust::Owner(socket.owner()));
        }
        if !self.uids.contains(&directory.owner()) {
            return Err(Distrust::DirectoryOwner(directory.owner()));
        }
        let mode = directory.permissions();
        match mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0 {
            true => Err(Distrust::DirectoryMode(mode)),
            false => Ok(()),
        }
    }

    /// Connects, unless the socket, its directory or the listening process belong to others.
    ///
    /// # Errors
    /// [`ClientError::Connect`], [`ClientError::Untrusted`].
    pub(super) fn connect(&self, path: &Path) -> Result<UnixStream, ClientError> {
        let failed = |error: io::Error| ClientError::Connect {
            path: path.into(),
            error,
        };
        let untrusted = |why| ClientError::Untrusted {
            path: path.into(),
            why,
        };
        self.inspect(path).map_err(failed)?.map_err(untrusted)?;
        let stream = UnixStream::connect(path).map_err(failed)?;
        let peer = getsockopt(&stream, PeerCredentials).map_err(|errno| failed(errno.into()))?;
        if !self.uids.contains(&peer.uid()) {
            return Err(untrusted(Distrust::Peer(peer.uid())));
        }
        stream.set_nonblocking(true).map_err(failed)?;
        Ok(stream)
    }
}

/// What trust depends on.
trait Facts {
    fn is_socket(&self) -> bool;
    fn owner(&self) -> u32;
    fn permissions(&self) -> u32;
}

impl Facts for std::fs::Metadata {
    fn is_socket(&self) -> bool {
        self.file_type().is_socket()
    }

    fn owner(&self) -> u32 {
        self.uid()
    }

    fn permissions(&self) -> u32 {
        self.mode() & 0o7777
    }
}

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
    pub(super) fn new(stream: UnixStream) -> Self {
        Self(stream)
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake(bool, u32, u32);

    impl Facts for Fake {
        fn is_socket(&self) -> bool {
            self.0
        }

        fn owner(&self) -> u32 {
            self.1
        }

        fn permissions(&self) -> u32 {
            self.2
        }
    }

    #[test]
    fn only_sockets_of_trusted_users_in_directories_of_trusted_users() {
        let trust = Trust {
            uids: BTreeSet::from([0, 1000]),
        };
        let socket = Fake(true, 1000, 0o666);
        let cases = [
            (
                Fake(false, 0, 0o755),
                Fake(false, 0, 0o755),
                Err(Distrust::NotASocket),
            ),
            (
                Fake(true, 7, 0o600),
                Fake(false, 0, 0o755),
                Err(Distrust::Owner(7)),
            ),
            (socket, Fake(false, 0, 0o755), Ok(())),
            (
                Fake(true, 0, 0o666),
                Fake(false, 8, 0o700),
                Err(Distrust::DirectoryOwner(8)),
            ),
            (
                Fake(true, 0, 0),
                Fake(false, 0, 0o775),
                Err(Distrust::DirectoryMode(0o775)),
            ),
            (
                Fake(true, 0, 0),
                Fake(false, 0, 0o757),
                Err(Distrust::DirectoryMode(0o757)),
            ),
            (Fake(true, 0, 0), Fake(false, 0, 0o1777), Ok(())),
        ];
        for (socket, directory, expected) in cases {
            assert_eq!(trust.judge(&socket, &directory), expected);
        }
        let added = trust.and(7);
        let foreign = Fake(true, 7, 0);
        assert_eq!(added.judge(&foreign, &Fake(false, 7, 0o755)), Ok(()));
    }
}
