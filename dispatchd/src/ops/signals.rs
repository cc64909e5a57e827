//! Signals.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal says.
pub(super) enum Told {
    /// Load rules anew.
    Reload,
    /// End; the signal's name.
    End(&'static str),
}

/// The signals that end the daemon, and the one that loads rules anew.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) -> Told {
        tokio::select! {
            // First, because after the other two nothing is read any more.
            biased;
            _ = self.hang_up.recv() => Told::Reload,
            _ = self.terminate.recv() => Told::End("SIGTERM"),
            _ = self.interrupt.recv() => Told::End("SIGINT"),
        }
    }
}
