//! Messages that are dropped, delayed, duplicated and reordered by chance.

use std::sync::{Mutex, PoisonError};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::Deserialize;

use crate::{Answer, Disturbance, Facts, Opinion, Policy};

/// Parts of which chances are written.
pub const PER_MILLE: u32 = 1_000;
/// Longest delay in milliseconds.
pub const DELAY_MS_MAX: u64 = 600_000;

/// What the adversary does, as it stands in a rule file: chances in thousandths, all together at
/// most 1,000. What is left passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdversaryText {
    /// Where its randomness starts.
    pub seed: u64,
    /// Messages that are lost.
    pub drop: u32,
    /// Messages that come late, and all later ones of their flow behind them.
    pub delay: u32,
    /// Messages that come late, and later ones before them.
    pub reorder: u32,
    /// Messages that come twice.
    pub duplicate: u32,
    /// How late at most, in milliseconds.
    pub delay_ms: u64,
}

impl AdversaryText {
    fn check(&self) -> Result<(), String> {
        let chances = [self.drop, self.delay, self.reorder, self.duplicate];
        let sum = chances
            .iter()
            .fold(0_u32, |sum, &it| sum.saturating_add(it));
        if sum > PER_MILLE {
            return Err(format!("the chances add up to {sum} of {PER_MILLE}"));
        }
        if self.delay_ms > DELAY_MS_MAX {
            return Err(format!("`delay_ms` is at most {DELAY_MS_MAX}"));
        }
        if self.delay + self.reorder > 0 && self.delay_ms == 0 {
            return Err("`delay` and `reorder` need `delay_ms`".into());
        }
        Ok(())
    }
}

/// Does something to messages by chance, whatever they are.
#[derive(Debug)]
pub struct Adversary {
    text: AdversaryText,
    random: Mutex<ChaCha8Rng>,
}

impl Adversary {
    /// An adversary at the start of its randomness.
    ///
    /// # Errors
    ///
    /// What is wrong with the chances.
    pub fn new(text: AdversaryText) -> Result<Self, String> {
        text.check()?;
        Ok(Self {
            text,
            random: Mutex::new(ChaCha8Rng::seed_from_u64(text.seed)),
        })
    }

    /// What happens to the next message.
    pub fn next(&self) -> Opinion {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        // Both are always drawn, so that chances do not change what happens to later messages.
        let drawn = (u64::from(random.next_u32()) * u64::from(PER_MILLE)) >> 32;
        let late = 1 + u64::from(random.next_u32()) * self.text.delay_ms.max(1) / (1 << 32);
        let AdversaryText {
            drop,
            delay,
            reorder,
            duplicate,
            ..
        } = self.text;
        let kinds = [
            (drop, Opinion::Drop("the adversary".into())),
            (delay, Opinion::Disturb(Disturbance::Delay(late))),
            (reorder, Opinion::Disturb(Disturbance::Reorder(late))),
            (duplicate, Opinion::Disturb(Disturbance::Duplicate)),
        ];
        let mut below = 0;
        for (chance, opinion) in kinds {
            below += u64::from(chance);
            if drawn < below {
                return opinion;
            }
        }
        Opinion::Indifferent
    }
}

impl Policy for Adversary {
    fn judge(&self, _: &Facts<'_>) -> Answer {
        self.next().into()
    }

    fn can_fail(&self) -> bool {
        false
    }

    fn is_experiment(&self) -> bool {
        true
    }

    fn explain(&self) -> Vec<String> {
        let AdversaryText {
            seed,
            drop,
            delay,
            reorder,
            duplicate,
            delay_ms,
        } = self.text;
        vec![format!(
            "an adversary from seed {seed}: of 1000 messages it drops {drop}, delays {delay}, \
             reorders {reorder} by at most {delay_ms} ms and duplicates {duplicate}"
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: AdversaryText = AdversaryText {
        seed: 7,
        drop: 100,
        delay: 200,
        reorder: 300,
        duplicate: 150,
        delay_ms: 40,
    };

    fn run(text: AdversaryText, count: usize) -> Vec<Opinion> {
        let adversary = Adversary::new(text).unwrap();
        (0..count).map(|_| adversary.next()).collect()
    }

    #[test]
    fn a_seed_says_everything() {
        assert_eq!(run(TEXT, 500), run(TEXT, 500));
        assert_ne!(run(TEXT, 500), run(AdversaryText { seed: 8, ..TEXT }, 500));
    }

    #[test]
    fn everything_happens_as_often_as_it_was_said() {
        const COUNT: usize = 100_000;
        let fates = run(TEXT, COUNT);
        let share = |is: fn(&Opinion) -> bool| {
            let met = fates.iter().filter(|it| is(it)).count();
            met * PER_MILLE as usize / COUNT
        };
        let near = |found: usize, wanted: u32| found.abs_diff(wanted as usize) <= 5;
        assert!(near(share(|it| matches!(it, Opinion::Drop(_))), TEXT.drop));
        let duplicate = |it: &Opinion| *it == Opinion::Disturb(Disturbance::Duplicate);
        assert!(near(share(duplicate), TEXT.duplicate));
        let delay = |it: &Opinion| matches!(it, Opinion::Disturb(Disturbance::Delay(1..=40)));
        assert!(near(share(delay), TEXT.delay));
        let reorder = |it: &Opinion| matches!(it, Opinion::Disturb(Disturbance::Reorder(1..=40)));
        assert!(near(share(reorder), TEXT.reorder));
    }

    #[test]
    fn chances_that_make_no_sense_are_refused() {
        let refused = |text| Adversary::new(text).is_err();
        assert!(!refused(AdversaryText { drop: 350, ..TEXT }));
        assert!(refused(AdversaryText { drop: 351, ..TEXT }));
        assert!(refused(AdversaryText {
            delay_ms: 0,
            ..TEXT
        }));
        assert!(!refused(AdversaryText {
            delay_ms: DELAY_MS_MAX,
            ..TEXT
        }));
        assert!(refused(AdversaryText {
            delay_ms: DELAY_MS_MAX + 1,
            ..TEXT
        }));
        assert!(refused(AdversaryText {
            drop: u32::MAX,
            ..TEXT
        }));
    }
}
