//! When a session started, for a program that takes it over from one that ended.
//!
//! Deadlines count from there. What is kept is a moment of the clock that all programs of one run of the machine share
//! and that never jumps; after a new start of the machine nobody knows how long ago it was.

use std::time::Duration;

use libetp::digest::Hash;
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

/// Another one with each start of the machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// When the program that attended to a session saw it start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Started {
    #[serde(with = "card_owner::as_hex")]
    session: Vec<u8>,
    boot: String,
    /// On that clock.
    ms: u64,
}

impl Started {
    /// So long ago; `None` on a machine that does not say which run of it this is.
    pub(super) fn ago(session: &Hash, ago: Duration) -> Option<Self> {
        let ago_ms = u64::try_from(ago.as_millis()).ok()?;
        Some(Self {
            session: session.to_vec(),
            boot: boot()?,
            ms: clock_ms()?.checked_sub(ago_ms)?,
        })
    }

    pub(super) fn is_of(&self, session: &Hash) -> bool {
        self.session == session
    }

    /// How long ago; `None` if nobody knows.
    pub(super) fn elapsed(&self) -> Option<Duration> {
        self.elapsed_at(&boot()?, clock_ms()?)
    }

    fn elapsed_at(&self, boot: &str, ms: u64) -> Option<Duration> {
        let elapsed = ms.checked_sub(self.ms).map(Duration::from_millis);
        elapsed.filter(|_| self.boot == boot)
    }
}

fn boot() -> Option<String> {
    let id = std::fs::read_to_string(BOOT_ID).ok()?;
    Some(id.trim().to_owned())
}

/// What [`Instant`](std::time::Instant) counts.
fn clock_ms() -> Option<u64> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).ok()?;
    u64::try_from(Duration::from(now).as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_so_long_ago_in_the_same_run_of_the_machine_alone() {
        let ago = Duration::from_millis(20);
        let started = Started::ago(&[7; 32], ago).unwrap();
        assert!(started.is_of(&[7; 32]) && !started.is_of(&[8; 32]));
        assert!(started.elapsed().unwrap() >= ago);
        let at = |boot: &str, ms| started.elapsed_at(boot, ms);
        let later = at(&started.boot, started.ms + 250);
        assert_eq!(later, Some(Duration::from_millis(250)));
        assert_eq!(at("another", started.ms + 250), None);
        assert_eq!(at(&started.boot, started.ms - 1), None);
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let started = Started::ago(&[7; 32], Duration::ZERO).unwrap();
        let kept = serde_json::to_string(&started).unwrap();
        assert_eq!(serde_json::from_str::<Started>(&kept).unwrap(), started);
    }
}
