//! Faults in a row: how long to wait, when to give up.

/// What is done about one more fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Try the same once more, not before this time in milliseconds.
    Retry(u64),
    /// Reset the card, not before this time in milliseconds.
    Reset(u64),
    /// Give the card up, after so many faults.
    GiveUp(u32),
}

/// First pause in milliseconds; each further one is twice as long.
const PAUSE_FIRST_MS: u64 = 10;
/// Longest pause in milliseconds.
const PAUSE_MS_MAX: u64 = 1_000;

/// Counts faults since the last response that made sense.
#[derive(Clone, Debug)]
pub(super) struct Faults {
    count: u32,
    max: u32,
}

impl Faults {
    pub(super) fn new(max: u32) -> Self {
        Self { count: 0, max }
    }

    /// The card works.
    pub(super) fn clear(&mut self) {
        self.count = 0;
    }

    /// One more. The first is tried again at once; further ones want a reset.
    pub(super) fn add(&mut self, now_ms: u64) -> Remedy {
        self.count += 1;
        if self.count > self.max {
            return Remedy::GiveUp(self.count);
        }
        match self.count {
            1 => Remedy::Retry(now_ms),
            count => Remedy::Reset(now_ms + pause_ms(count - 2)),
        }
    }
}

fn pause_ms(doublings: u32) -> u64 {
    PAUSE_FIRST_MS
        .saturating_mul(1 << doublings.min(16))
        .min(PAUSE_MS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_cap_and_then_the_card_is_given_up() {
        let mut faults = Faults::new(10);
        let remedies: Vec<_> = (0..11).map(|_| faults.add(5)).collect();
        let reset = |pause: u64| Remedy::Reset(5 + pause);
        assert_eq!(
            remedies[..4],
            [Remedy::Retry(5), reset(10), reset(20), reset(40)]
        );
        assert_eq!(
            remedies[8..],
            [reset(1_000), reset(1_000), Remedy::GiveUp(11)]
        );
        faults.clear();
        assert_eq!(faults.add(0), Remedy::Retry(0));
    }
}
