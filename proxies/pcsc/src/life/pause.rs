//! How long to wait before something is tried again.

/// First pause in milliseconds; each further one is twice as long.
pub const PAUSE_FIRST_MS: u64 = 100;
/// Longest pause in milliseconds.
pub const PAUSE_MS_MAX: u64 = 2_000;

/// Pauses between tries that fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause(u64);

impl Default for Pause {
    fn default() -> Self {
        Self(PAUSE_FIRST_MS)
    }
}

impl Pause {
    /// The pause after one more try that failed, in milliseconds.
    pub(crate) fn next_ms(&mut self) -> u64 {
        let pause = self.0;
        self.0 = (pause * 2).min(PAUSE_MS_MAX);
        pause
    }

    /// It works again.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_cap() {
        let mut pause = Pause::default();
        let pauses: Vec<u64> = (0..7).map(|_| pause.next_ms()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
        pause.reset();
        assert_eq!(pause.next_ms(), 100);
    }
}
