//! The application socket: made here, or handed over by the service manager.

use std::os::unix::net::UnixListener;
use std::path::Path;

use libetp::local::{Claim, SocketError};

/// Why the application socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum AppSocketError {
    /// It cannot be made.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// Several sockets, or one of another kind, were handed over.
    #[error("socket activation: {0}")]
    Activation(String),
}

/// Takes the socket that the service manager handed over, or makes one. Whoever has the claim is
/// the only daemon there.
///
/// # Errors
/// [`AppSocketError`]; a socket of another daemon is then untouched.
pub fn open(path: &Path, mode: u32) -> Result<(UnixListener, Claim), AppSocketError> {
    let mut claim = Claim::of(path, "dispatchd")?;
    let listener = match handed_over()? {
        Some(listener) => listener,
        None => claim.bind(mode)?,
    };
    Ok((listener, claim))
}

/// The socket of `LISTEN_FDS`, if there is one.
fn handed_over() -> Result<Option<UnixListener>, AppSocketError> {
    let wrong = |error: std::io::Error| AppSocketError::Activation(error.to_string());
    let mut sockets = listenfd::ListenFd::from_env();
    if sockets.len() > 1 {
        let words = format!("{} sockets were handed over, one is wanted", sockets.len());
        return Err(AppSocketError::Activation(words));
    }
    sockets.take_unix_listener(0).map_err(wrong)
}
