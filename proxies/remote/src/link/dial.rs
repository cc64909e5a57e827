//! When to dial: capped, doubling pauses with jitter, and a deadline for each attempt.

use rand_core::Rng;

use crate::limits::Limits;

/// Which attempt to dial a result belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt(pub u64);

/// The dialler's state. Only one attempt is under way at a time.
#[derive(Debug)]
pub(crate) struct Dialling {
    state: DialState,
    /// Failures since the link was last stable.
    failures: u32,
    attempts: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DialState {
    /// Nothing to do: connected, or the peer has to dial.
    Idle,
    Pausing {
        until_ms: u64,
    },
    Trying {
        attempt: Attempt,
        until_ms: u64,
    },
}

impl Dialling {
    /// Idle until [`Dialling::pause`].
    pub(crate) fn new() -> Self {
        Self {
            state: DialState::Idle,
            failures: 0,
            attempts: 0,
        }
    }

    pub(crate) fn state(&self) -> DialState {
        self.state
    }

    /// Dials after exactly `pause_ms`.
    pub(crate) fn start(&mut self, now_ms: u64, pause_ms: u64) {
        let until_ms = now_ms + pause_ms;
        self.state = DialState::Pausing { until_ms };
    }

    /// Dials after the next pause: half of it fixed, half random.
    pub(crate) fn pause(&mut self, now_ms: u64, limits: &Limits, random: &mut impl Rng) {
        let doubled = limits.backoff_ms_min.checked_shl(self.failures.min(32));
        let pause = doubled.unwrap_or(u64::MAX).min(limits.backoff_ms_max);
        let jitter = random.next_u64() % (pause / 2 + 1);
        self.failures = self.failures.saturating_add(1);
        self.start(now_ms, pause - pause / 2 + jitter);
    }

    /// The link held: pauses start from the least again.
    pub(crate) fn forgive(&mut self) {
        self.failures = 0;
    }

    /// Stops, whatever was under way. Returns an attempt to abandon.
    pub(crate) fn stop(&mut self) -> Option<Attempt> {
        match std::mem::replace(&mut self.state, DialState::Idle) {
            DialState::Trying { attempt, .. } => Some(attempt),
            DialState::Idle | DialState::Pausing { .. } => None,
        }
    }

    /// Whether `attempt` is the one under way; it then ended.
    pub(crate) fn ended(&mut self, attempt: Attempt) -> bool {
        match self.state {
            DialState::Trying { attempt: mine, .. } if mine == attempt => {
                self.state = DialState::Idle;
                true
            }
            _ => false,
        }
    }

    /// Begins an attempt if its time has come.
    pub(crate) fn begin(&mut self, now_ms: u64, limits: &Limits) -> Option<Attempt> {
        match self.state {
            DialState::Pausing { until_ms } if until_ms <= now_ms => {
                self.attempts += 1;
                let attempt = Attempt(self.attempts);
                let until_ms = now_ms + limits.handshake_ms_max;
                self.state = DialState::Trying { attempt, until_ms };
                Some(attempt)
            }
            _ => None,
        }
    }

    /// The attempt whose deadline has passed; it then ended.
    pub(crate) fn overdue(&mut self, now_ms: u64) -> Option<Attempt> {
        match self.state {
            DialState::Trying { attempt, until_ms } if until_ms <= now_ms => {
                self.state = DialState::Idle;
                Some(attempt)
            }
            _ => None,
        }
    }

    /// When to look again.
    pub(crate) fn deadline_ms(&self) -> Option<u64> {
        match self.state {
            DialState::Idle => None,
            DialState::Pausing { until_ms } | DialState::Trying { until_ms, .. } => Some(until_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn pauses_double_to_the_cap_and_spread() {
        let limits = Limits::default();
        let mut random = rand_chacha::ChaCha8Rng::from_seed([7; 32]);
        let mut dialling = Dialling::new();
        let mut seen = std::collections::BTreeSet::new();
        for round in 0..100u32 {
            dialling.pause(0, &limits, &mut random);
            let pause = dialling.deadline_ms().unwrap();
            let full = (limits.backoff_ms_min << round.min(20)).min(limits.backoff_ms_max);
            assert!(
                (full / 2..=full).contains(&pause),
                "round {round}: {pause} ms"
            );
            seen.insert(pause);
        }
        assert!(seen.len() > 50, "jitter spreads the pauses");
        dialling.forgive();
        dialling.pause(0, &limits, &mut random);
        assert!(dialling.deadline_ms() <= Some(limits.backoff_ms_min));
    }

    #[test]
    fn a_late_result_of_an_overdue_attempt_is_nobodys() {
        let limits = Limits::default();
        let mut dialling = Dialling::new();
        dialling.start(0, 0);
        let attempt = dialling.begin(0, &limits).unwrap();
        assert_eq!(dialling.overdue(limits.handshake_ms_max - 1), None);
        assert_eq!(dialling.overdue(limits.handshake_ms_max), Some(attempt));
        assert!(!dialling.ended(attempt));
    }
}
