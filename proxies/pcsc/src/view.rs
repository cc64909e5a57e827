//! What is known of readers, as PC/SC last told.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pcsc::Error;

/// A reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub slot: Slot,
    /// How often a card came or went, as far as PC/SC counts: 16 bits.
    pub changes: u32,
    /// Whether some program has the card open; it may be this one.
    pub is_in_use: bool,
    /// Whether that program has it for itself.
    pub is_exclusive: bool,
}

/// What is in a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot {
    /// No card.
    Empty,
    /// A card that does not answer to reset.
    Mute,
    /// A card, and its answer to reset, empty as long as it was not powered.
    Card(Vec<u8>),
}

/// All readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Why there is no word of any reader.
    pub service: Result<(), Error>,
    /// Readers, in the order of PC/SC.
    pub readers: Vec<Reader>,
    /// Grows with each change.
    pub version: u64,
}

impl Default for View {
    /// Before anybody looked.
    fn default() -> Self {
        Self {
            service: Err(Error::NoService),
            readers: Vec::new(),
            version: 0,
        }
    }
}

impl View {
    /// The reader of that name.
    pub fn reader(&self, name: &str) -> Option<&Reader> {
        self.readers.iter().find(|reader| reader.name == name)
    }

    /// Whether the card that was in a reader after so many changes can be there still.
    pub fn still_has(&self, name: &str, changes: u32) -> bool {
        let reader = self.service.is_ok().then(|| self.reader(name)).flatten();
        reader.is_some_and(|it| it.changes == changes && matches!(it.slot, Slot::Card(_)))
    }
}

/// The view that the watching thread keeps and card threads look at.
#[derive(Clone, Debug, Default)]
pub struct SharedView(Arc<(Mutex<View>, Condvar)>);

impl SharedView {
    /// The view now.
    pub fn now(&self) -> View {
        self.lock().clone()
    }

    /// Tells what was seen. What is as it was before is no change.
    pub fn tell(&self, service: Result<(), Error>, readers: Vec<Reader>) {
        let mut view = self.lock();
        if view.version > 0 && view.service == service && view.readers == readers {
            return;
        }
        *view = View {
            service,
            readers,
            version: view.version + 1,
        };
        self.0.1.notify_all();
    }

    /// Waits until the view is one that is wanted, or the time is over; the view then.
    pub fn wait_for(&self, within: Duration, wanted: impl Fn(&View) -> bool) -> View {
        let waited = self
            .0
            .1
            .wait_timeout_while(self.lock(), within, |view| !wanted(view));
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn lock(&self) -> MutexGuard<'_, View> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
