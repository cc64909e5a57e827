//! State for each of many keys, in bounded memory.

use core::hash::{Hash, Hasher};

/// How many places are looked at for a key.
const WINDOW: usize = 8;

/// A map with room for `N` keys that forgets.
///
/// A key has eight places where it can be. When they are taken, the key among them that was not set
/// for longest is forgotten. Every operation costs the same, full or empty. Choose `N` at least
/// twice the number of keys that have to be remembered, and let forgetting be harmless: whoever can
/// make keys up can have others forgotten.
#[derive(Clone, Debug)]
pub struct Keyed<K, V, const N: usize> {
    slots: [Slot<K, V>; N],
    sets: u64,
}

/// A place. An empty one is all zeros, where keys and values are: so it takes no room in a module.
#[derive(Clone, Debug, Default)]
struct Slot<K, V> {
    key: K,
    value: V,
    /// The number of this setting, from 1; 0 if nothing is set.
    age: u64,
}

impl<K: Eq + Hash + Default, V: Default, const N: usize> Keyed<K, V, N> {
    /// Without any key.
    pub fn new() -> Self {
        const { assert!(N > 0, "a map has room for one key at least") };
        Self {
            slots: core::array::from_fn(|_| Slot::default()),
            sets: 0,
        }
    }

    /// The value of a key, if it is there and not forgotten.
    pub fn get(&self, key: &K) -> Option<&V> {
        let slot = &self.slots[self.place(key)];
        slot.holds(key).then_some(&slot.value)
    }

    /// Gives a key a value; gives the value that it had.
    pub fn set(&mut self, key: K, value: V) -> Option<V> {
        self.sets += 1;
        let age = self.sets;
        let slot = &mut self.slots[self.place(&key)];
        let was_there = slot.holds(&key);
        let old = core::mem::replace(slot, Slot { key, value, age });
        was_there.then_some(old.value)
    }

    /// Forgets a key; gives the value that it had.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let slot = &mut self.slots[self.place(key)];
        let was_there = slot.holds(key);
        was_there.then(|| core::mem::take(slot).value)
    }

    /// Where the key is; else where it goes: a free place, or that of the oldest key.
    fn place(&self, key: &K) -> usize {
        let mut best = (u64::MAX, 0);
        for at in window::<N>(key) {
            let slot = &self.slots[at];
            if slot.holds(key) {
                return at;
            }
            if slot.age < best.0 {
                best = (slot.age, at);
            }
        }
        best.1
    }
}

impl<K: Eq, V> Slot<K, V> {
    fn holds(&self, key: &K) -> bool {
        self.age > 0 && self.key == *key
    }
}

impl<K: Eq + Hash + Default, V: Default, const N: usize> Default for Keyed<K, V, N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The places where a key can be.
fn window<const N: usize>(key: &impl Hash) -> impl Iterator<Item = usize> {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    key.hash(&mut hasher);
    let first = (hasher.finish() >> 7) as usize % N;
    (0..WINDOW.min(N)).map(move |step| (first + step) % N)
}

/// FNV-1a with 64 bits (Fowler, Noll, Vo). It is no defence against whoever chooses keys.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
