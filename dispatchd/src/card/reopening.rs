//! When a card that is gone is opened again: a pause that doubles, until the card is there.

/// Shortest pause in milliseconds before a card that is gone is opened again.
pub const REOPEN_MS_MIN: u64 = 500;
/// Longest pause in milliseconds between attempts.
pub const REOPEN_MS_MAX: u64 = 60_000;
/// How many milliseconds a card must be live for its pauses to start from the shortest again.
pub const LIVE_MS_MIN: u64 = 60_000;

/// How a card is, as far as opening it again depends on that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It proved itself.
    Live,
    /// It is gone, and nothing of it runs any more.
    Gone,
    /// It has to prove itself, ends, or is not trusted.
    Other,
}

/// The attempts to open one card.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reopening {
    /// Attempts since the card was last live for long, the next one included.
    attempts: u32,
    due_ms: Option<u64>,
    live_since_ms: Option<u64>,
}

impl Reopening {
    /// Some time passed. Says whether the card is to be opened now.
    pub(super) fn tick(&mut self, presence: Presence, now_ms: u64) -> bool {
        match presence {
            Presence::Live => {
                let since_ms = *self.live_since_ms.get_or_insert(now_ms);
                if now_ms >= since_ms + LIVE_MS_MIN {
                    self.attempts = 0;
                }
            }
            Presence::Gone | Presence::Other => self.live_since_ms = None,
        }
        presence == Presence::Gone && self.is_due(now_ms)
    }

    /// Which attempt is next, and the pause in milliseconds before it; `None` if none is planned.
    pub(super) fn plan(&self) -> Option<(u32, u64)> {
        self.due_ms.map(|_| (self.attempts, self.pause_ms()))
    }

    fn is_due(&mut self, now_ms: u64) -> bool {
        let Some(due_ms) = self.due_ms else {
            self.attempts = self.attempts.saturating_add(1);
            self.due_ms = Some(now_ms + self.pause_ms());
            return false;
        };
        let is_due = now_ms >= due_ms;
        if is_due {
            self.due_ms = None;
        }
        is_due
    }

    fn pause_ms(&self) -> u64 {
        let doublings = self.attempts.saturating_sub(1).min(16);
        (REOPEN_MS_MIN << doublings).min(REOPEN_MS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time of the next attempt for a card that stays gone.
    fn next(reopening: &mut Reopening, from_ms: u64) -> u64 {
        (from_ms..)
            .find(|now_ms| reopening.tick(Presence::Gone, *now_ms))
            .expect("time goes on for ever")
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut reopening = Reopening::default();
        let (mut now_ms, mut pauses) = (0, Vec::new());
        for _ in 0..9 {
            let at_ms = next(&mut reopening, now_ms);
            pauses.push(at_ms - now_ms);
            now_ms = at_ms;
        }
        let expected = [
            500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
        ];
        assert_eq!(pauses, expected);
    }

    #[test]
    fn a_card_that_was_live_for_long_is_opened_soon() {
        for (live_ms, pause_ms) in [(LIVE_MS_MIN - 1, 1_000), (LIVE_MS_MIN, REOPEN_MS_MIN)] {
            let mut reopening = Reopening::default();
            let now_ms = next(&mut reopening, 0);
            assert!(!reopening.tick(Presence::Live, now_ms));
            assert!(!reopening.tick(Presence::Live, now_ms + live_ms));
            let gone_ms = now_ms + live_ms + 1;
            assert_eq!(next(&mut reopening, gone_ms) - gone_ms, pause_ms);
        }
    }

    #[test]
    fn nobody_opens_a_card_that_is_not_trusted() {
        let mut reopening = Reopening::default();
        assert!((0..100_000).all(|now_ms| !reopening.tick(Presence::Other, now_ms)));
        assert_eq!(reopening.plan(), None);
    }
}
