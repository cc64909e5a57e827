//! Strikes: what a policy that fails costs, first the source that makes it fail, then the policy.
//!
//! A source that makes a policy fail again and again is quarantined for that policy: its messages
//! that meet the policy's conditions are treated as failures without asking. Only when several
//! sources are in quarantine at once is the policy itself put there, so one hostile sender cannot
//! switch a policy off for others. Each quarantine is twice as long as the last, up to a limit;
//! the first answer after it ends the count.

use std::collections::BTreeMap;

use crate::Source;

/// Failures in a row that put a source into quarantine.
pub const STRIKES_MAX: u32 = 3;
/// Sources in quarantine at once that put the policy itself there.
pub const QUARANTINED_SOURCES_MAX: usize = 3;
/// The first quarantine, in milliseconds.
pub const BACK_OFF_FIRST_MS: u64 = 1_000;
/// The longest quarantine, in milliseconds.
pub const BACK_OFF_MAX_MS: u64 = 300_000;
/// Sources with strikes that a policy remembers. Past it, the one whose last strike is oldest is
/// forgotten.
pub const STRUCK_SOURCES_MAX: usize = 1_024;

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    strikes: u32,
    /// How often it was in quarantine without an answer since.
    quarantines: u32,
    until_ms: u64,
    last_ms: u64,
}

impl Count {
    fn is_quarantined(&self, now_ms: u64) -> bool {
        now_ms < self.until_ms
    }

    fn quarantine(&mut self, now_ms: u64) {
        let doubled = BACK_OFF_FIRST_MS << self.quarantines.min(16);
        self.until_ms = now_ms + doubled.min(BACK_OFF_MAX_MS);
        self.quarantines += 1;
    }
}

/// The strikes of one policy.
#[derive(Debug, Default)]
pub(super) struct Strikes {
    sources: BTreeMap<Source, Count>,
    policy: Count,
    /// When it was to be asked last.
    asked_ms: u64,
}

impl Strikes {
    /// Whether the policy is not to be asked about messages of the source.
    pub(super) fn forbid(&mut self, source: Source, now_ms: u64) -> bool {
        self.asked_ms = now_ms;
        let of_source = self.sources.get(&source);
        self.policy.is_quarantined(now_ms) || of_source.is_some_and(|it| it.is_quarantined(now_ms))
    }

    /// Whether the policy itself was in quarantine when it was to be asked last.
    pub(super) fn is_quarantined(&self) -> bool {
        self.policy.is_quarantined(self.asked_ms)
    }

    /// The policy answered.
    pub(super) fn answered(&mut self, source: Source) {
        if !self.sources.is_empty() {
            self.sources.remove(&source);
        }
        self.policy.quarantines = 0;
    }

    /// The policy failed at a message of the source; whether that put one of them into quarantine.
    pub(super) fn failed(&mut self, source: Source, now_ms: u64) -> bool {
        self.make_room(source);
        let count = self.sources.entry(source).or_default();
        count.strikes += 1;
        count.last_ms = now_ms;
        if count.strikes < STRIKES_MAX && count.quarantines == 0 {
            return false;
        }
        count.quarantine(now_ms);
        let sources = self.sources.values();
        let quarantined = sources.filter(|count| count.is_quarantined(now_ms));
        if quarantined.count() >= QUARANTINED_SOURCES_MAX {
            self.policy.quarantine(now_ms);
        }
        true
    }

    fn make_room(&mut self, source: Source) {
        if self.sources.len() < STRUCK_SOURCES_MAX || self.sources.contains_key(&source) {
            return;
        }
        let oldest = self.sources.iter().min_by_key(|(_, count)| count.last_ms);
        if let Some(oldest) = oldest.map(|(&source, _)| source) {
            self.sources.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Source = Source::User(1);
    const B: Source = Source::User(2);

    fn strike_out(strikes: &mut Strikes, source: Source, now_ms: u64) {
        for strike in 1..=STRIKES_MAX {
            assert_eq!(strikes.failed(source, now_ms), strike == STRIKES_MAX);
        }
    }

    #[test]
    fn a_source_that_makes_it_fail_waits_and_others_do_not() {
        let mut strikes = Strikes::default();
        strike_out(&mut strikes, A, 10);
        assert!(strikes.forbid(A, 10 + BACK_OFF_FIRST_MS - 1));
        assert!(!strikes.forbid(B, 10));
        assert!(!strikes.forbid(A, 10 + BACK_OFF_FIRST_MS));
    }

    #[test]
    fn an_answer_in_between_forgives() {
        let mut strikes = Strikes::default();
        for _ in 0..100 {
            for _ in 1..STRIKES_MAX {
                assert!(!strikes.failed(A, 0));
            }
            strikes.answered(A);
        }
    }

    #[test]
    fn every_quarantine_is_twice_as_long_up_to_the_limit() {
        let mut strikes = Strikes::default();
        strike_out(&mut strikes, A, 0);
        let (mut now, mut length) = (BACK_OFF_FIRST_MS, BACK_OFF_FIRST_MS);
        for _ in 0..20 {
            assert!(!strikes.forbid(A, now));
            assert!(strikes.failed(A, now));
            length = (length * 2).min(BACK_OFF_MAX_MS);
            assert!(strikes.forbid(A, now + length - 1));
            assert!(!strikes.forbid(A, now + length));
            now += length;
        }
        assert_eq!(length, BACK_OFF_MAX_MS);
    }

    #[test]
    fn several_sources_put_the_policy_itself_into_quarantine() {
        let mut strikes = Strikes::default();
        for user in 0..QUARANTINED_SOURCES_MAX as u32 {
            assert!(!strikes.forbid(Source::User(77), 5));
            assert!(!strikes.is_quarantined());
            strike_out(&mut strikes, Source::User(user), 5);
        }
        assert!(strikes.forbid(Source::User(77), 5));
        assert!(strikes.is_quarantined());
        assert!(!strikes.forbid(Source::User(77), 5 + BACK_OFF_FIRST_MS));
        assert!(!strikes.is_quarantined());
    }

    #[test]
    fn the_number_of_remembered_sources_is_bounded() {
        let mut strikes = Strikes::default();
        for user in 0..=STRUCK_SOURCES_MAX as u32 {
            strikes.failed(Source::User(user), u64::from(user));
        }
        assert_eq!(strikes.sources.len(), STRUCK_SOURCES_MAX);
        assert!(!strikes.sources.contains_key(&Source::User(0)));
    }
}
