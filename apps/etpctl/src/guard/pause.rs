//! Waiting, until somebody interrupts.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;

/// Notices SIGINT and SIGTERM, so that what was begun at the daemon is ended there.
pub(super) struct Pause {
    interrupted: Receiver<()>,
}

impl Pause {
    pub(super) fn new() -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_io().build();
        let runtime = runtime.map_err(Failure::Signals)?;
        let signals = runtime.block_on(async {
            let interrupt = signal(SignalKind::interrupt())?;
            Ok((interrupt, signal(SignalKind::terminate())?))
        });
        let (mut interrupt, mut terminate) = signals.map_err(Failure::Signals)?;
        let (tell, interrupted) = channel();
        std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            // Nobody waits any more if the command has ended.
            let _ = tell.send(());
        });
        Ok(Self { interrupted })
    }

    /// Waits; whether it was interrupted.
    pub(super) fn wait(&self, time: Duration) -> bool {
        self.interrupted.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
    }
}
