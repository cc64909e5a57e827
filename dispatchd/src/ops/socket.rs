//! The application socket: one daemon each, and never a stale one in the way.
//!
//! The socket's directory belongs to the daemon's user (or root) and nobody else may write to it,
//! because clients trust a socket by its directory. A lock file beside the socket, held as long as
//! the daemon lives, keeps a second daemon out. Under that lock a socket that nobody answers is
//! stale and is replaced; the new one is bound under another name, gets its mode and is renamed,
//! so there is never a socket with the wrong mode.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};

/// Longest path of a socket in bytes that the kernel takes.
pub const SOCKET_PATH_BYTES_MAX: usize = 107;
/// Bytes that are added to the path while the socket is made.
const NEWBORN: &str = ".new";

/// Why the socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Files cannot be made or read.
    #[error("socket {path}: {error}", path = .path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The kernel takes no such long path.
    #[error(
        "socket {path}: the path has {len} bytes, at most {max} are possible",
        path = .path.display(), max = SOCKET_PATH_BYTES_MAX - NEWBORN.len()
    )]
    PathTooLong {
        /// The path.
        path: PathBuf,
        /// Its bytes.
        len: usize,
    },
    /// Somebody else could put another socket in its place.
    #[error(
        "socket directory {path} belongs to user {owner} and has mode {mode:04o}: it must belong \
         to the daemon's user or root, and others must not write to it", path = .path.display()
    )]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Whose it is.
        owner: u32,
    },
    /// Another daemon lives.
    #[error("socket {path} is served by another dispatchd{holder}", path = .path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
        /// ` (process N)`, where it is known.
        holder: String,
    },
    /// Something that is not a socket lies there.
    #[error("{path} exists and is not a socket; it is left alone", path = .0.display())]
    NotASocket(PathBuf),
    /// Several sockets, or one of another kind, were handed over.
    #[error("socket activation: {0}")]
    Activation(String),
}

/// The listening socket and the lock that makes it ours. Dropping it removes the socket, unless
/// it was handed over.
#[derive(Debug)]
pub struct AppSocket {
    path: PathBuf,
    is_ours: bool,
    _lock: Flock<File>,
}

/// What is there instead of a socket of ours.
enum Found {
    Nothing,
    Stale,
}

impl AppSocket {
    /// Takes the socket that the service manager handed over, or makes one.
    ///
    /// # Errors
    /// [`SocketError`]; a socket of another daemon is then untouched.
    pub fn open(path: &Path, mode: u32) -> Result<(UnixListener, Self), SocketError> {
        check_length(path)?;
        prepare_directory(path)?;
        let lock = lock(path)?;
        if let Some(listener) = handed_over()? {
            let socket = Self {
                path: path.into(),
                is_ours: false,
                _lock: lock,
            };
            return Ok((listener, socket));
        }
        probe(path)?;
        let listener = bind(path, mode).map_err(at(path))?;
        Ok((
            listener,
            Self {
                path: path.into(),
                is_ours: true,
                _lock: lock,
            },
        ))
    }
}

impl Drop for AppSocket {
    fn drop(&mut self) {
        if self.is_ours {
            // Nothing is lost if it stays: the next start finds it stale.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

pub(crate) fn check_length(path: &Path) -> Result<(), SocketError> {
    let len = path.as_os_str().len();
    match len + NEWBORN.len() <= SOCKET_PATH_BYTES_MAX {
        true => Ok(()),
        false => Err(SocketError::PathTooLong {
            path: path.into(),
            len,
        }),
    }
}

fn prepare_directory(socket: &Path) -> Result<(), SocketError> {
    let parent = socket
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let directory = parent.unwrap_or(Path::new("."));
    make_public(directory).map_err(at(directory))?;
    let metadata = std::fs::metadata(directory).map_err(at(directory))?;
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    let is_trusted = owner == 0 || owner == nix::unistd::geteuid().as_raw();
    let is_sticky = mode & 0o1000 != 0;
    match is_trusted && (mode & 0o022 == 0 || is_sticky) {
        true => Ok(()),
        false => Err(SocketError::Directory {
            path: directory.into(),
            mode,
            owner,
        }),
    }
}

/// Makes the directory and what is missing above it, for everybody to enter whatever the umask.
fn make_public(directory: &Path) -> std::io::Result<()> {
    let missing = directory.ancestors().take_while(|above| !above.exists());
    let missing: Vec<_> = missing
        .filter(|above| !above.as_os_str().is_empty())
        .collect();
    for directory in missing.into_iter().rev() {
        std::fs::create_dir(directory)?;
        std::fs::set_permissions(directory, Permissions::from_mode(0o755))?;
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The lock file stays when the daemon ends: removing it would let two daemons lock two files.
fn lock(socket: &Path) -> Result<Flock<File>, SocketError> {
    let path = with_suffix(socket, ".lock");
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600);
    let file = options.open(&path).map_err(at(&path))?;
    let mut lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => lock,
        Err((file, nix::errno::Errno::EWOULDBLOCK)) => {
            return Err(SocketError::InUse {
                path: socket.into(),
                holder: holder(file),
            });
        }
        Err((_, errno)) => return Err(at(&path)(errno.into())),
    };
    write_holder(&mut lock).map_err(at(&path))?;
    Ok(lock)
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: File) -> String {
    let mut text = String::new();
    let read = file.take(16).read_to_string(&mut text);
    let pid = read.ok().and_then(|_| text.trim().parse::<u32>().ok());
    pid.map_or(String::new(), |pid| format!(" (process {pid})"))
}

/// Whether somebody answers at the path.
fn probe(path: &Path) -> Result<Found, SocketError> {
    let metadata = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        other => other.map_err(at(path))?,
    };
    if !metadata.file_type().is_socket() {
        return Err(SocketError::NotASocket(path.into()));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(SocketError::InUse {
            path: path.into(),
            holder: String::new(),
        }),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(Found::Stale),
        Err(error) => Err(at(path)(error)),
    }
}

fn bind(path: &Path, mode: u32) -> std::io::Result<UnixListener> {
    let newborn = with_suffix(path, NEWBORN);
    match std::fs::remove_file(&newborn) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&newborn)?;
    std::fs::set_permissions(&newborn, Permissions::from_mode(mode))?;
    std::fs::rename(&newborn, path)?;
    Ok(listener)
}

/// The socket of `LISTEN_FDS`, if there is one.
fn handed_over() -> Result<Option<UnixListener>, SocketError> {
    let wrong = |error: std::io::Error| SocketError::Activation(error.to_string());
    let mut sockets = listenfd::ListenFd::from_env();
    if sockets.len() > 1 {
        let words = format!("{} sockets were handed over, one is wanted", sockets.len());
        return Err(SocketError::Activation(words));
    }
    sockets.take_unix_listener(0).map_err(wrong)
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> SocketError {
    let path = path.to_path_buf();
    move |error| SocketError::Io { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_socket_has_its_mode_and_goes_with_the_daemon() {
        let directory = directory();
        let path = directory.path().join("run/s");
        let (listener, socket) = AppSocket::open(&path, 0o660).unwrap();
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        assert_eq!(metadata.mode() & 0o777, 0o660);
        let parent = std::fs::metadata(directory.path().join("run")).unwrap();
        assert_eq!(parent.mode() & 0o777, 0o755);
        UnixStream::connect(&path).unwrap();
        drop((listener, socket));
        assert!(!path.exists());
    }

    #[test]
    fn a_live_daemon_is_left_alone() {
        let directory = directory();
        let path = directory.path().join("s");
        let first = AppSocket::open(&path, 0o600).unwrap();
        let error = AppSocket::open(&path, 0o600).unwrap_err().to_string();
        assert!(error.contains("served by another dispatchd"), "{error}");
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        UnixStream::connect(&path).unwrap();
        drop(first);
        AppSocket::open(&path, 0o600).unwrap();
    }

    #[test]
    fn a_stale_socket_is_replaced() {
        let directory = directory();
        let path = directory.path().join("s");
        drop(UnixListener::bind(&path).unwrap());
        assert!(UnixStream::connect(&path).is_err());
        let _socket = AppSocket::open(&path, 0o600).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn one_that_answers_is_never_replaced_even_without_its_lock() {
        let directory = directory();
        let path = directory.path().join("s");
        let _other = UnixListener::bind(&path).unwrap();
        let error = AppSocket::open(&path, 0o600).unwrap_err();
        assert!(matches!(error, SocketError::InUse { .. }), "{error}");
    }

    #[test]
    fn other_files_and_directories_of_others_are_refused() {
        let directory = directory();
        let path = directory.path().join("s");
        std::fs::write(&path, "precious").unwrap();
        let error = AppSocket::open(&path, 0o600).unwrap_err();
        assert!(matches!(error, SocketError::NotASocket(_)), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");

        let open = directory.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        let error = AppSocket::open(&open.join("s"), 0o600).unwrap_err();
        assert!(
            matches!(error, SocketError::Directory { mode: 0o777, .. }),
            "{error}"
        );
    }

    #[test]
    fn paths_are_as_long_as_the_kernel_takes() {
        let directory = directory();
        let room = SOCKET_PATH_BYTES_MAX - NEWBORN.len();
        let name = |len: usize| "s".repeat(len - directory.path().as_os_str().len() - 1);
        AppSocket::open(&directory.path().join(name(room)), 0o600).unwrap();
        let error = AppSocket::open(&directory.path().join(name(room + 1)), 0o600).unwrap_err();
        assert!(matches!(error, SocketError::PathTooLong { .. }), "{error}");
    }
}
