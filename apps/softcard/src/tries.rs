//! Tries to put a card into a reader: how long to wait between them, and what is said of them.

use std::time::Duration;

/// First pause between two tries in milliseconds; each further one is twice as long.
pub(crate) const PAUSE_FIRST_MS: u16 = 50;
/// Longest pause in milliseconds.
pub(crate) const PAUSE_MS_MAX: u16 = 1_000;
/// A card that stayed in its reader for so long, in milliseconds, was well there.
pub(crate) const STAY_MS: u64 = 1_000;

/// Tries since the card was well in its reader.
#[derive(Debug)]
pub(crate) struct Tries {
    pause_ms: u16,
    /// What was said, and is not said again.
    said: Vec<String>,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            pause_ms: PAUSE_FIRST_MS,
            said: Vec::new(),
        }
    }
}

impl Tries {
    /// Whether these words are to be said: they were not yet.
    pub(crate) fn is_news(&mut self, words: &str) -> bool {
        let is_news = !self.said.iter().any(|said| said == words);
        if is_news {
            self.said.push(words.to_owned());
        }
        is_news
    }

    /// The card was in its reader for so long.
    pub(crate) fn stayed(&mut self, stay: Duration) {
        if stay >= Duration::from_millis(STAY_MS) {
            *self = Self::default();
        }
    }

    /// How long to wait for the next try, in milliseconds.
    pub(crate) fn pause_ms(&mut self) -> u16 {
        let pause = self.pause_ms;
        self.pause_ms = pause.saturating_mul(2).min(PAUSE_MS_MAX);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_cap_however_often_a_reader_drops_the_card_and_words_are_said_once() {
        let mut tries = Tries::default();
        let mut pauses = Vec::new();
        for at in 0..7 {
            assert_eq!(tries.is_news("dropped"), at == 0);
            assert_eq!(tries.is_news("refused"), at == 0);
            tries.stayed(Duration::from_millis(STAY_MS - 1));
            pauses.push(tries.pause_ms());
        }
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1_000, 1_000]);
        tries.stayed(Duration::from_millis(STAY_MS));
        assert!(tries.is_news("dropped"));
        assert_eq!(tries.pause_ms(), PAUSE_FIRST_MS);
    }
}
