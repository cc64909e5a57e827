//! What the daemon asks of the kernel for itself, and what it tells who started it.

use std::fs::OpenOptions;
use std::io::Write;

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use sd_notify::NotifyState;

/// Makes files private by default, keeps other processes of the user from reading the daemon's
/// memory, and allows as many open files as the system does.
///
/// # Errors
/// In words, what the kernel refused.
pub fn harden() -> Result<(), String> {
    umask(Mode::from_bits_truncate(0o077));
    prctl::set_dumpable(false).map_err(|errno| format!("PR_SET_DUMPABLE: {errno}"))?;
    let failed = |errno| format!("RLIMIT_NOFILE: {errno}");
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_err(failed)
}

/// Tells the service manager, and whoever reads `ready_fd`, that programs can connect.
///
/// # Errors
/// In words, if one of them cannot be told.
pub fn tell_ready(ready_fd: Option<i32>) -> Result<(), String> {
    sd_notify::notify(&[NotifyState::Ready]).map_err(|error| format!("sd_notify: {error}"))?;
    let Some(fd) = ready_fd else { return Ok(()) };
    let path = format!("/proc/self/fd/{fd}");
    let told = OpenOptions::new()
        .write(true)
        .open(&path)
        .and_then(|mut pipe| {
            pipe.write_all(b"READY=1\n")?;
            nix::unistd::close(fd).map_err(std::io::Error::from)
        });
    told.map_err(|error| format!("--ready-fd {fd}: {error}"))
}

/// Tells the service manager that the daemon ends.
pub fn tell_stopping() {
    if let Err(error) = sd_notify::notify(&[NotifyState::Stopping]) {
        tracing::warn!(%error, "sd_notify");
    }
}
