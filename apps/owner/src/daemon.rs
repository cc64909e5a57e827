//! The way to the daemon.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libetp::client::blocking::{Capability, Connection};
use libetp::client::{Taking, Trust};

use crate::{Failure, Home, Program};

/// How long an entity of this host or its card may take to answer.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// What a command line says of the way to the card.
#[derive(Clone, Copy, Debug, Default)]
pub struct Access<'a> {
    /// The program's directory.
    pub home: Option<&'a Path>,
    /// The daemon's socket.
    pub socket: Option<&'a Path>,
    /// A file with the PIN.
    pub pin_file: Option<&'a Path>,
    /// A user whose daemon is trusted beside those that are anyway.
    pub daemon_uid: Option<u32>,
}

/// Whose daemon is trusted.
pub fn trust(access: &Access<'_>) -> Trust {
    let trust = Trust::default();
    access
        .daemon_uid
        .map_or(trust.clone(), |uid| trust.and(uid))
}

/// A connection to the daemon.
///
/// # Errors
/// If it is not there or not trusted.
pub fn connect<P: Program>(socket: &Path, trust: &Trust) -> Result<Connection, Failure<P>> {
    Ok(Connection::open_trusting(socket, P::NAME, trust)?)
}

/// The program's own id over a connection. What is received is taken when that is said.
///
/// # Errors
/// If the daemon does not know it any more.
pub fn resume<P: Program>(
    home: &Home<P>,
    connection: Connection,
) -> Result<Capability, Failure<P>> {
    let resumed = home.capability().resume(connection)?;
    let mut capability = resumed.ok_or_else(|| home.not_initialised())?;
    capability.set_taking(Taking::Explicit);
    Ok(capability)
}

/// Seconds since 1970; 0 on a machine that lives before.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
