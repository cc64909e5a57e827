//! Readers that PC/SC says are empty, or have a mute card, and may be wrong about.
//!
//! `pcscd` resets a card when the program that has it open dies. If the card is swapped just then, the reset fails,
//! and the reader counts as empty or its card as mute; but the thread that looks at the reader has a card before and a
//! card after, and notices nothing. So it stays until the card is pulled, unless somebody has the reader's card powered
//! up. What is known of it from outside: a card is gone, or mute, and the count of cards that came and went is the
//! same. Of a reader that is seen for the first time nobody knows, and it is tried too, once.

use std::time::Duration;

use crate::view::{Reader, Slot};

/// How long nothing may change before a reader is tried, in milliseconds. PC/SC looks every 400.
pub(crate) const ROUSE_MS: u64 = 1_000;

/// What is doubtful, and what was seen before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doubts {
    before: Vec<Reader>,
    /// Names of readers.
    doubtful: Vec<String>,
}

impl Doubts {
    /// How the readers are now.
    pub(crate) fn heed(&mut self, readers: &[Reader]) {
        let doubtful = readers.iter().filter(|reader| self.is_doubtful(reader));
        self.doubtful = doubtful.map(|reader| reader.name.clone()).collect();
        self.before = readers.to_vec();
    }

    /// How long to wait for a change; `None`: for ever.
    pub(crate) fn pause(&self) -> Option<Duration> {
        let is_any = !self.doubtful.is_empty();
        is_any.then(|| Duration::from_millis(ROUSE_MS))
    }

    /// The readers to be tried, each once.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.doubtful)
    }

    fn is_doubtful(&self, reader: &Reader) -> bool {
        if matches!(reader.slot, Slot::Card(_)) {
            return false;
        }
        let Some(before) = self.before.iter().find(|it| it.name == reader.name) else {
            return true;
        };
        let is_same = before.changes == reader.changes;
        let was_card = matches!(before.slot, Slot::Card(_));
        is_same && (was_card || self.doubtful.contains(&reader.name))
    }
}
