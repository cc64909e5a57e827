//! The time that a card's thread goes by.

use std::time::Instant;

/// Milliseconds since any moment, which do not run backwards.
pub struct Clock(Box<dyn Fn() -> u64 + Send>);

impl Clock {
    /// One that somebody else keeps.
    pub fn of(now_ms: impl Fn() -> u64 + Send + 'static) -> Self {
        Self(Box::new(now_ms))
    }

    /// The time now, in milliseconds.
    pub fn now_ms(&self) -> u64 {
        (self.0)()
    }
}

impl Default for Clock {
    /// The system's.
    fn default() -> Self {
        let start = Instant::now();
        Self::of(move || u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX))
    }
}
