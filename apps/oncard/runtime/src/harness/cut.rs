//! A store that loses power at a chosen commit.

use alloc::vec::Vec;

use crate::store::{Entry, MemoryStore, Store, StoreError, Writes};

/// Where power is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before the commit counted from 0: nothing of it is written.
    Before(u64),
    /// After the commit counted from 0: all of it is written, and the card does not learn it.
    After(u64),
}

/// A store in memory that loses power once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutStore {
    inner: MemoryStore,
    cut: Option<Cut>,
    commits: u64,
}

impl CutStore {
    /// A store that holds what `inner` holds and never fails.
    pub fn new(inner: MemoryStore) -> Self {
        Self {
            inner,
            cut: None,
            commits: 0,
        }
    }

    /// Counts commits from here on, and cuts power at one of them.
    pub fn cut(&mut self, cut: Option<Cut>) {
        self.cut = cut;
        self.commits = 0;
    }

    /// Commits since [`cut`](Self::cut), the failed one included.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// What survived.
    pub fn survivor(&self) -> MemoryStore {
        self.inner.clone()
    }
}

impl Store for CutStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(key)
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.inner.scan(prefix, after, limit)
    }

    fn commit(&mut self, writes: &Writes) -> Result<(), StoreError> {
        let now = self.commits;
        self.commits += 1;
        let lost = || Err(StoreError("power was cut".into()));
        match self.cut {
            Some(Cut::Before(at)) if at == now => lost(),
            Some(Cut::After(at)) if at == now => {
                self.inner.commit(writes)?;
                lost()
            }
            _ => self.inner.commit(writes),
        }
    }
}
