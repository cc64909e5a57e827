//! Signals.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that end the daemon, and the one that does nothing.
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

    /// Waits for a signal to end; its name.
    pub(super) async fn end(&mut self) -> &'static str {
        loop {
            tokio::select! {
                // First, because after the other two nothing is read any more.
                biased;
                _ = self.hang_up.recv() => {
                    tracing::warn!("SIGHUP: there is no reload; restart to apply a configuration");
                }
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
            }
        }
    }
}
