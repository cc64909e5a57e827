//! How runs ended, beside what theory says.

use std::collections::BTreeMap;

use serde::Serialize;

/// Standard deviations that what was seen may be off: one of some million true claims is found false.
const DEVIATIONS: f64 = 5.0;

/// What theory says of an ending.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claim {
    /// Which ending.
    pub ending: String,
    /// Its frequency, from 0 to 1.
    pub frequency: f64,
    /// Whether that is only the most that it can be.
    pub is_most: bool,
}

/// Endings and how often each was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally(BTreeMap<String, u64>);

impl Tally {
    /// Another run ended like that.
    pub fn add(&mut self, ending: String) {
        *self.0.entry(ending).or_default() += 1;
    }

    /// All endings that were seen, and how often.
    pub fn endings(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0
            .iter()
            .map(|(ending, count)| (ending.as_str(), *count))
    }

    /// How many runs.
    pub fn runs(&self) -> u64 {
        self.0.values().sum()
    }

    /// How often it ended like that, from 0 to 1.
    pub fn frequency(&self, ending: &str) -> f64 {
        let seen = self.0.get(ending).copied().unwrap_or_default();
        seen as f64 / self.runs().max(1) as f64
    }

    /// How far a frequency that is truly `expected` may be off in so many runs.
    pub fn tolerance(&self, expected: f64) -> f64 {
        let runs = self.runs().max(1) as f64;
        DEVIATIONS * (expected * (1.0 - expected) / runs).sqrt()
    }

    /// Whether what was seen can be what was claimed.
    pub fn bears_out(&self, claim: &Claim) -> bool {
        let seen = self.frequency(&claim.ending);
        let tolerance = self.tolerance(claim.frequency);
        let is_low = seen <= claim.frequency + tolerance;
        is_low && (claim.is_most || seen >= claim.frequency - tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(yes: u64, no: u64) -> Tally {
        let mut tally = Tally::default();
        (0..yes).for_each(|_| tally.add("yes".into()));
        (0..no).for_each(|_| tally.add("no".into()));
        tally
    }

    fn claim(frequency: f64, is_most: bool) -> Claim {
        let ending = "yes".into();
        Claim {
            ending,
            frequency,
            is_most,
        }
    }

    #[test]
    fn what_is_near_enough_is_borne_out_and_nothing_else() {
        let tally = seen(500, 9_500);
        assert!(tally.bears_out(&claim(0.05, false)));
        assert!(tally.bears_out(&claim(0.045, false)));
        assert!(!tally.bears_out(&claim(0.035, false)));
        assert!(!tally.bears_out(&claim(0.07, false)));
        assert!(tally.bears_out(&claim(0.07, true)));
        assert!(!tally.bears_out(&claim(0.035, true)));
    }

    #[test]
    fn what_never_may_be_may_not_be_once() {
        assert!(seen(0, 100).bears_out(&claim(0.0, false)));
        assert!(!seen(1, 1_000_000).bears_out(&claim(0.0, true)));
    }
}
