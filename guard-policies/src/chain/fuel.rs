//! Fuel: who makes plugins work pays for it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::Source;

/// Fuel that each source gets in a second. One unit is about a nanosecond of the interpreter.
pub const FUEL_PER_SECOND: u64 = 200_000_000;
/// Fuel that a source can have saved.
pub const FUEL_BURST: u64 = 20_000_000;
/// Sources whose use is remembered. Past it, the one that has been full longest is forgotten.
pub const FUEL_SOURCES_MAX: usize = 4_096;

/// How much each source gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FuelLimits {
    /// In a second.
    pub per_second: u64,
    /// At most at once.
    pub burst: u64,
}

impl Default for FuelLimits {
    fn default() -> Self {
        Self {
            per_second: FUEL_PER_SECOND,
            burst: FUEL_BURST,
        }
    }
}

/// What a source has used and not been given back.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    fuel: u64,
    since_ms: u64,
}

/// What every source has left.
#[derive(Debug, Default)]
pub(super) struct Fuel {
    limits: FuelLimits,
    used: Mutex<BTreeMap<Source, Used>>,
}

impl Fuel {
    pub(super) fn new(limits: FuelLimits) -> Self {
        Self {
            limits,
            used: Mutex::default(),
        }
    }

    /// Whether the source can pay so much.
    pub(super) fn has(&self, source: Source, fuel: u64, now_ms: u64) -> bool {
        let used = self.lock();
        let used = used.get(&source).map_or(0, |it| self.owed(*it, now_ms));
        used + fuel <= self.limits.burst
    }

    /// The source pays.
    pub(super) fn take(&self, source: Source, fuel: u64, now_ms: u64) {
        let mut all = self.lock();
        if all.len() >= FUEL_SOURCES_MAX && !all.contains_key(&source) {
            let least = all.iter().min_by_key(|(_, it)| self.owed(**it, now_ms));
            let least = least.map(|(&source, _)| source);
            least.map(|source| all.remove(&source));
        }
        let used = all.entry(source).or_default();
        // Workers and other threads may be late: nobody is given the same time back twice.
        *used = Used {
            fuel: self.owed(*used, now_ms) + fuel,
            since_ms: used.since_ms.max(now_ms),
        };
    }

    fn owed(&self, used: Used, now_ms: u64) -> u64 {
        let elapsed_ms = u128::from(now_ms.saturating_sub(used.since_ms));
        let back = elapsed_ms * u128::from(self.limits.per_second) / 1_000;
        u64::try_from(back).map_or(0, |back| used.fuel.saturating_sub(back))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Source, Used>> {
        // Nothing in here is ever half changed.
        self.used
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Source = Source::User(1);

    #[test]
    fn fuel_is_spent_to_the_last_unit_and_comes_back() {
        let fuel = Fuel::default();
        assert!(fuel.has(A, FUEL_BURST, 0));
        assert!(!fuel.has(A, FUEL_BURST + 1, 0));
        fuel.take(A, FUEL_BURST, 0);
        assert!(!fuel.has(A, 1, 0));
        assert!(fuel.has(Source::User(2), FUEL_BURST, 0));
        assert!(fuel.has(A, FUEL_PER_SECOND / 1_000, 1));
        assert!(!fuel.has(A, FUEL_PER_SECOND / 1_000 + 1, 1));
        assert!(fuel.has(A, FUEL_BURST, 1_000_000));
    }

    #[test]
    fn who_pays_late_is_given_no_time_back_twice() {
        let fuel = Fuel::default();
        fuel.take(A, FUEL_BURST, 1_000);
        for _ in 0..1_000 {
            fuel.take(A, 0, 0);
            fuel.take(A, 0, 1_000);
        }
        assert!(!fuel.has(A, 1, 1_000));
    }

    #[test]
    fn who_used_most_is_not_forgotten() {
        let fuel = Fuel::default();
        fuel.take(A, FUEL_BURST, 0);
        for user in 2..=FUEL_SOURCES_MAX as u32 + 10 {
            fuel.take(Source::User(user), 1, 0);
        }
        assert_eq!(fuel.lock().len(), FUEL_SOURCES_MAX);
        assert!(!fuel.has(A, 1, 0));
    }
}
