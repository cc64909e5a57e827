//! How long to wait before something is tried again.

/// First pause in milliseconds; each further one is twice as long.
pub const PAUSE_FIRST_MS: u64 = 100;
/// Longest pause in milliseconds.
pub const PAUSE_MS_MAX: u64 = 2_000;

/// First pause, in milliseconds, before a card that is not the right one is asked again whose it is: it may have been
/// swapped faster than readers look. Each further one is twice as long.
pub const ASK_FIRST_MS: u64 = 5_000;
/// Longest such pause in milliseconds.
pub const ASK_MS_MAX: u64 = 60_000;

/// Pauses between tries that fail.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause(u64);

impl Default for Pause {
    fn default() -> Self {
        Self(PAUSE_FIRST_MS)
    }
}

/// When a card is to be asked again whose it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct AskAgain {
    pause_ms: u64,
    due_ms: u64,
}

impl AskAgain {
    /// Of a card that was asked now.
    pub(super) fn from(now_ms: u64) -> Self {
        Self {
            pause_ms: ASK_FIRST_MS,
            due_ms: now_ms.saturating_add(ASK_FIRST_MS),
        }
    }

    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        now_ms >= self.due_ms
    }

    /// It was asked now, and is the same still.
    pub(super) fn postpone(&mut self, now_ms: u64) {
        self.pause_ms = (self.pause_ms * 2).min(ASK_MS_MAX);
        self.due_ms = now_ms.saturating_add(self.pause_ms);
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

    #[test]
    fn a_card_is_asked_more_and_more_seldom() {
        let (mut ask, mut now_ms) = (AskAgain::from(7), 7);
        for pause_ms in [5_000, 10_000, 20_000, 40_000, 60_000, 60_000] {
            now_ms += pause_ms;
            assert!(!ask.is_due(now_ms - 1) && ask.is_due(now_ms), "{pause_ms}");
            ask.postpone(now_ms);
        }
    }
}
