//! What a piece of work cost: CPU time of this thread, and time it waited.

use std::time::Instant;

use nix::time::{ClockId, clock_gettime};

/// Started before the work, read after it.
#[derive(Debug)]
pub(crate) struct Meter {
    wall: Instant,
    cpu_us: u64,
}

impl Meter {
    pub(crate) fn start() -> Self {
        let cpu_us = thread_cpu_us();
        Self {
            wall: Instant::now(),
            cpu_us,
        }
    }

    /// CPU time and waiting time since the start, in microseconds.
    pub(crate) fn read(&self) -> (u64, u64) {
        let wall_us = u64::try_from(self.wall.elapsed().as_micros()).unwrap_or(u64::MAX);
        let cpu_us = thread_cpu_us().saturating_sub(self.cpu_us);
        (cpu_us, wall_us.saturating_sub(cpu_us))
    }
}

/// CPU time of this thread so far in microseconds; 0 on a kernel without that clock.
fn thread_cpu_us() -> u64 {
    let Ok(time) = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID) else {
        return 0;
    };
    let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
    let nanoseconds = u64::try_from(time.tv_nsec()).unwrap_or(0);
    seconds * 1_000_000 + nanoseconds / 1_000
}
