//! A socket to listen on: one server each, and never a stale one in the way.
//!
//! The socket's directory belongs to the server's user (or root) and nobody else may write to it,
//! because clients trust a socket by its directory. A lock file beside the socket, held as long as
//! the server lives, keeps a second one out. Under that lock a socket that nobody answers is
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
         to the user who serves it or root, and others must not write to it", path = .path.display()
    )]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
        /// Whose it is.
        owner: u32,
    },
    /// Another server lives.
    #[error("socket {path} is served by another {server}{holder}", path = .path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
        /// What it should be.
        server: &'static str,
        /// ` (process N)`, where it is known.
        holder: String,
    },
    /// Something that is not a socket lies there.
    #[error("{path} exists and is not a socket; it is left alone", path = .0.display())]
    NotASocket(PathBuf),
}

/// The right to listen at a path: the lock beside it. Dropping it removes the socket, if it made one.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    server: &'static str,
    is_bound: bool,
    _lock: Flock<File>,
}

/// What is there instead of a socket of ours.
enum Found {
    Nothing,
    Stale,
}

impl Claim {
    /// Claims a path for a server of that name; makes the directory if there is none.
    ///
    /// # Errors
    /// [`SocketError`]; a socket of another server is then untouched.
    pub fn of(path: &Path, server: &'static str) -> Result<Self, SocketError> {
        check_length(path)?;
        prepare_directory(path)?;
        Ok(Self {
            path: path.into(),
            server,
            is_bound: false,
            _lock: lock(path, server)?,
        })
    }

    /// Listens there, with a socket of that mode.
    ///
    /// # Errors
    /// [`SocketError`]; what lies there is then untouched, unless it was stale.
    pub fn bind(&mut self, mode: u32) -> Result<UnixListener, SocketError> {
        probe(&self.path, self.server)?;
        let listener = bind(&self.path, mode).map_err(at(&self.path))?;
        self.is_bound = true;
        Ok(listener)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.is_bound {
            // Nothing is lost if it stays: the next start finds it stale.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Checks that the kernel takes a path.
///
/// # Errors
/// [`SocketError::PathTooLong`].
pub fn check_length(path: &Path) -> Result<(), SocketError> {
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

/// The lock file stays when the server ends: removing it would let two daemons lock two files.
fn lock(socket: &Path, server: &'static str) -> Result<Flock<File>, SocketError> {
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
                server,
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
fn probe(path: &Path, server: &'static str) -> Result<Found, SocketError> {
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
            server,
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

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> SocketError {
    let path = path.to_path_buf();
    move |error| SocketError::Io { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(path: &Path, mode: u32) -> Result<(UnixListener, Claim), SocketError> {
        let mut claim = Claim::of(path, "server")?;
        Ok((claim.bind(mode)?, claim))
    }

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_socket_has_its_mode_and_goes_with_the_server() {
        let directory = directory();
        let path = directory.path().join("run/s");
        let (listener, socket) = serve(&path, 0o660).unwrap();
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        assert_eq!(metadata.mode() & 0o777, 0o660);
        let parent = std::fs::metadata(directory.path().join("run")).unwrap();
        assert_eq!(parent.mode() & 0o777, 0o755);
        UnixStream::connect(&path).unwrap();
        drop((listener, socket));
        assert!(!path.exists());
    }

    #[test]
    fn a_live_server_is_left_alone() {
        let directory = directory();
        let path = directory.path().join("s");
        let first = serve(&path, 0o600).unwrap();
        let error = serve(&path, 0o600).unwrap_err().to_string();
        assert!(error.contains("served by another server"), "{error}");
        assert!(error.contains(&std::process::id().to_string()), "{error}");
        UnixStream::connect(&path).unwrap();
        drop(first);
        serve(&path, 0o600).unwrap();
    }

    #[test]
    fn a_stale_socket_is_replaced() {
        let directory = directory();
        let path = directory.path().join("s");
        drop(UnixListener::bind(&path).unwrap());
        assert!(UnixStream::connect(&path).is_err());
        let _socket = serve(&path, 0o600).unwrap();
        UnixStream::connect(&path).unwrap();
    }

    #[test]
    fn one_that_answers_is_never_replaced_even_without_its_lock() {
        let directory = directory();
        let path = directory.path().join("s");
        let _other = UnixListener::bind(&path).unwrap();
        let error = serve(&path, 0o600).unwrap_err();
        assert!(matches!(error, SocketError::InUse { .. }), "{error}");
    }

    #[test]
    fn other_files_and_directories_of_others_are_refused() {
        let directory = directory();
        let path = directory.path().join("s");
        std::fs::write(&path, "precious").unwrap();
        let error = serve(&path, 0o600).unwrap_err();
        assert!(matches!(error, SocketError::NotASocket(_)), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");

        let open = directory.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        let error = serve(&open.join("s"), 0o600).unwrap_err();
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
        serve(&directory.path().join(name(room)), 0o600).unwrap();
        let error = serve(&directory.path().join(name(room + 1)), 0o600).unwrap_err();
        assert!(matches!(error, SocketError::PathTooLong { .. }), "{error}");
    }
}
