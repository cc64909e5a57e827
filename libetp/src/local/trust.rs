//! Whom a socket is opened to.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

/// Group and others may write.
const WRITABLE_BY_OTHERS: u32 = 0o022;
/// Only owners may rename or remove entries.
const STICKY: u32 = 0o1000;

/// Users whose processes are spoken to: root, the own user, and those added.
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

    /// Whether a process of this user is spoken to.
    pub fn includes(&self, uid: u32) -> bool {
        self.uids.contains(&uid)
    }

    /// Looks at a socket and its directory as [`connect`](Self::connect) does, and does not connect.
    ///
    /// # Errors
    /// [`ConnectError`], but not about the process that listens.
    pub fn look(&self, path: &Path) -> Result<(), ConnectError> {
        let inspected = self.inspect(path).map_err(ConnectError::io(path))?;
        inspected.map_err(ConnectError::untrusted(path))
    }

    /// Connects, unless the socket, its directory or the listening process belong to others.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub fn connect(&self, path: &Path) -> Result<UnixStream, ConnectError> {
        self.look(path)?;
        let stream = UnixStream::connect(path).map_err(ConnectError::io(path))?;
        let uid = peer_uid(&stream).map_err(ConnectError::io(path))?;
        match self.includes(uid) {
            true => Ok(stream),
            false => Err(ConnectError::untrusted(path)(Distrust::Peer(uid))),
        }
    }
}

/// Why a socket is not spoken to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Something else than a socket lies there.
    #[error("it is not a socket")]
    NotASocket,
    /// The socket belongs to somebody else than root, this user, or a configured user.
    #[error("it belongs to uid {0}, which is neither root nor this user nor configured")]
    Owner(u32),
    /// The directory belongs to somebody else.
    #[error("its directory belongs to uid {0}, which is neither root nor this user nor configured")]
    DirectoryOwner(u32),
    /// Others could replace the socket.
    #[error("its directory is writable by others (mode {0:o})")]
    DirectoryMode(u32),
    /// The listening process belongs to somebody else.
    #[error("the process behind it belongs to uid {0}")]
    Peer(u32),
}

/// Why nothing was said to a socket.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody listens on it, or it cannot be reached.
    #[error("cannot connect to {path}: {error}", path = .path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is not trusted.
    #[error("{path} is not trusted: {why}", path = .path.display())]
    Untrusted {
        /// The socket.
        path: PathBuf,
        /// Why.
        why: Distrust,
    },
}

impl ConnectError {
    fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        move |error| Self::Io {
            path: path.into(),
            error,
        }
    }

    fn untrusted(path: &Path) -> impl Fn(Distrust) -> Self {
        move |why| Self::Untrusted {
            path: path.into(),
            why,
        }
    }
}

/// The user whose process is at the other end of a stream, when it was connected.
///
/// # Errors
/// As `getsockopt(2)`.
pub fn peer_uid(stream: &impl AsFd) -> io::Result<u32> {
    Ok(getsockopt(stream, PeerCredentials)?.uid())
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
