//! What this process has used.

use nix::sys::resource::{UsageWho, getrusage};

/// CPU time of this process so far, user and system, in microseconds.
pub(crate) fn cpu_us() -> f64 {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
        return f64::NAN;
    };
    let us = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 * 1e6 + time.tv_usec() as f64;
    us(usage.user_time()) + us(usage.system_time())
}
