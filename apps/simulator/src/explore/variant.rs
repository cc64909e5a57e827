//! Programs that are broken in one point, around the real ones.

use oncard_runtime::MemoryStore;
use oncard_runtime::harness::Effects;

use super::cast::{Actor, Cast};
use super::letter::Letter;

/// One message for one memory.
pub(crate) struct Call<'c> {
    pub(crate) cast: &'c Cast,
    pub(crate) actor: usize,
    pub(crate) memory: &'c MemoryStore,
    pub(crate) letter: &'c Letter,
}

impl Call<'_> {
    pub(crate) fn who(&self) -> &Actor {
        &self.cast.actors[self.actor]
    }

    /// What the real program does.
    pub(crate) fn real(&self) -> Option<Effects> {
        self.who().handle(self.memory, self.letter)
    }
}

/// What actors do, and what befalls them.
pub(crate) trait Variant {
    /// What a message does. Several: one of them.
    fn handle(&self, call: &Call<'_>) -> Vec<Effects>;

    /// What may befall a memory at any time: a name, and the memory after it.
    fn mishaps(&self, _actor: usize, _memory: &MemoryStore) -> Vec<(&'static str, MemoryStore)> {
        Vec::new()
    }

    /// Whether card B may be restored from a backup, once.
    fn restores(&self) -> bool {
        false
    }
}

/// Nothing is broken.
pub(crate) struct AsSpecified;

impl Variant for AsSpecified {
    fn handle(&self, call: &Call<'_>) -> Vec<Effects> {
        call.real().into_iter().collect()
    }
}
