//! One token bucket.

/// How fast buckets fill, and how much is in a full one. Levels are counted in parts of a
/// token, so many that a whole number of them comes in every millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Speed {
    /// Parts that come in a millisecond.
    per_ms: u64,
    /// Parts of a token.
    token: u64,
    /// Parts in a full bucket.
    full: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    parts: u64,
    /// When it had them.
    tick_ms: u64,
}

impl Speed {
    /// So many tokens in so many milliseconds, and at most `burst` at once.
    pub(super) fn new(tokens: u64, unit_ms: u64, burst: u64) -> Self {
        Self {
            per_ms: tokens,
            token: unit_ms,
            full: burst * unit_ms,
        }
    }
}

impl Bucket {
    pub(super) fn full(speed: Speed, tick_ms: u64) -> Self {
        Self {
            parts: speed.full,
            tick_ms,
        }
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&mut self, speed: Speed, tick_ms: u64) -> bool {
        self.fill(speed, tick_ms);
        let rest = self.parts.checked_sub(speed.token);
        self.parts = rest.unwrap_or(self.parts);
        rest.is_some()
    }

    /// Whether it is as one that nobody took from.
    pub(super) fn is_full(&mut self, speed: Speed, tick_ms: u64) -> bool {
        self.fill(speed, tick_ms);
        self.parts == speed.full
    }

    fn fill(&mut self, speed: Speed, tick_ms: u64) {
        let elapsed_ms = tick_ms.saturating_sub(self.tick_ms);
        let come = elapsed_ms.saturating_mul(speed.per_ms);
        self.parts = self.parts.saturating_add(come).min(speed.full);
        self.tick_ms = self.tick_ms.max(tick_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_token_are_kept() {
        let speed = Speed::new(3, 1_000, 1);
        let mut bucket = Bucket::full(speed, 0);
        assert!(bucket.take(speed, 0));
        let taken: Vec<u64> = (1..=2_000).filter(|&ms| bucket.take(speed, ms)).collect();
        assert_eq!(taken, [334, 668, 1_002, 1_336, 1_670]);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let speed = Speed::new(1, 1_000, 2);
        let mut bucket = Bucket::full(speed, 5_000);
        assert!(bucket.take(speed, 5_000) && bucket.take(speed, 1));
        assert!(!bucket.take(speed, 2) && !bucket.take(speed, 5_999));
        assert!(bucket.take(speed, 6_000));
        assert!(!bucket.is_full(speed, 7_999));
        assert!(bucket.is_full(speed, u64::MAX));
    }
}
