//! The only clock of the proxy.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::link::Now;

/// Turns the clocks of the system into the moments that the hub is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    start: Instant,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    pub(super) fn now(self) -> Now {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH);
        Now {
            ms: self.start.elapsed().as_millis() as u64,
            unix_s: unix.map_or(0, |since| since.as_secs()),
        }
    }

    /// When the hub's clock shows `ms`.
    pub(super) fn at(self, ms: u64) -> Instant {
        self.start + Duration::from_millis(ms)
    }
}
