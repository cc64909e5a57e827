//! Signals that ask this program to end.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::program::Failure;

/// From now on these signals are asked for and do not end the program.
pub(super) struct Interrupt(SignalFd);

impl Interrupt {
    pub(super) fn new() -> Result<Self, Failure> {
        let failed = |errno| Failure::system("signals", errno);
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGINT);
        signals.add(Signal::SIGTERM);
        signals.thread_block().map_err(failed)?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        SignalFd::with_flags(&signals, flags)
            .map(Self)
            .map_err(failed)
    }

    /// Whether one came since it was asked last.
    pub(super) fn has_come(&self) -> bool {
        matches!(self.0.read_signal(), Ok(Some(_)))
    }
}
