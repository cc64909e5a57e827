//! What a transaction would write, in two layers: the messages accepted so far, and the one that
//! is being carried out.

use alloc::vec::Vec;
use core::ops::Bound;

use crate::store::{Entry, Store, StoreError, Writes};

/// Writes that are not in the store yet.
#[derive(Default)]
pub(crate) struct Overlay {
    accepted: Writes,
    message: Writes,
}

impl Overlay {
    /// Keeps what the message wrote.
    pub(crate) fn accept(&mut self) {
        self.accepted.append(&mut self.message);
    }

    /// Forgets what the message wrote.
    pub(crate) fn undo(&mut self) {
        self.message.clear();
    }

    /// Sets a value, or deletes it.
    pub(crate) fn write(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.message.insert(key, value);
    }

    /// Sets a value that was committed apart, and that the message's failure does not undo.
    pub(crate) fn settle(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        self.accepted.insert(key, value);
    }

    /// Whether the transaction writes nothing.
    pub(crate) fn is_unwritten(&self) -> bool {
        self.accepted.is_empty()
    }

    /// The writes of the transaction.
    pub(crate) fn into_writes(self) -> Writes {
        self.accepted
    }

    /// The value of a key as the message sees it.
    pub(crate) fn get(&self, store: &dyn Store, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.message.get(key).or_else(|| self.accepted.get(key)) {
            Some(written) => Ok(written.clone()),
            None => store.get(key),
        }
    }

    /// As [`Store::scan`], as the message sees it.
    pub(crate) fn scan(
        &self,
        store: &dyn Store,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut found = self.untouched(store, prefix, after, limit)?;
        found.extend(written(&self.message, prefix, after, limit));
        let shadowed = |entry: &Entry| !self.message.contains_key(&entry.0);
        found.extend(written(&self.accepted, prefix, after, usize::MAX).filter(shadowed));
        found.sort();
        found.truncate(limit);
        Ok(found)
    }

    /// At most `limit` entries of the store that neither layer writes.
    fn untouched(
        &self,
        store: &dyn Store,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut found = Vec::new();
        let mut after = after.map(<[u8]>::to_vec);
        while found.len() < limit {
            let page = store.scan(prefix, after.as_deref(), limit)?;
            let Some((last, _)) = page.last() else {
                break;
            };
            after = Some(last.clone());
            let touched =
                |key: &Vec<u8>| self.message.contains_key(key) || self.accepted.contains_key(key);
            found.extend(page.into_iter().filter(|(key, _)| !touched(key)));
        }
        Ok(found)
    }
}

fn written<'w>(
    writes: &'w Writes,
    prefix: &'w [u8],
    after: Option<&'w [u8]>,
    limit: usize,
) -> impl Iterator<Item = Entry> + 'w {
    let start = after.map_or(prefix, |after| after.max(prefix));
    writes
        .range::<[u8], _>((Bound::Included(start), Bound::Unbounded))
        .take_while(move |(key, _)| key.starts_with(prefix))
        .filter(move |(key, _)| after.is_none_or(|after| key.as_slice() > after))
        .filter_map(|(key, value)| value.clone().map(|value| (key.clone(), value)))
        .take(limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    type Step = (u8, Option<u8>, u8);

    fn key(key: u8) -> Vec<u8> {
        alloc::vec![key >> 4, key & 15]
    }

    proptest! {
        /// Against one plain map: layers, paging and deletions never show.
        #[test]
        fn a_scan_sees_what_one_map_would(
            base in prop::collection::vec((any::<u8>(), any::<u8>()), 0..40),
            steps in prop::collection::vec((any::<u8>(), any::<Option<u8>>(), 0u8..8), 0..60),
            prefix in 0u8..16, after in any::<Option<u8>>(), limit in 0usize..20,
        ) {
            let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
            let mut store = MemoryStore::default();
            for (k, v) in base {
                store.commit(&Writes::from([(key(k), Some(alloc::vec![v]))])).unwrap();
                model.insert(key(k), alloc::vec![v]);
            }
            let overlay = play(&steps, &mut model);
            let (prefix, after) = ([prefix], after.map(key));
            let seen = overlay.scan(&store, &prefix, after.as_deref(), limit).unwrap();
            let expected: Vec<Entry> = model.iter()
                .filter(|(k, _)| k.starts_with(&prefix))
                .filter(|(k, _)| after.as_ref().is_none_or(|after| *k > after))
                .take(limit).map(|(k, v)| (k.clone(), v.clone())).collect();
            prop_assert_eq!(seen, expected);
            for k in 0..=255 {
                prop_assert_eq!(overlay.get(&store, &key(k)).unwrap(), model.get(&key(k)).cloned());
            }
        }
    }

    /// Writes in random order; 6 accepts the message, 7 undoes it.
    fn play(steps: &[Step], model: &mut BTreeMap<Vec<u8>, Vec<u8>>) -> Overlay {
        let mut overlay = Overlay::default();
        let mut kept = model.clone();
        for (k, value, what) in steps {
            let value = value.map(|value| alloc::vec![value]);
            overlay.write(key(*k), value.clone());
            match value {
                Some(value) => model.insert(key(*k), value),
                None => model.remove(&key(*k)),
            };
            match what {
                6 => {
                    overlay.accept();
                    kept = model.clone();
                }
                7 => {
                    overlay.undo();
                    *model = kept.clone();
                }
                _ => {}
            }
        }
        overlay
    }
}
