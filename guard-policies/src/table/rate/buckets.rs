//! A bounded number of token buckets.
//!
//! A bucket is forgotten only when it is full, and then it is as good as new: nobody gets tokens
//! by making the table forget. A source that has [`KEYS_PER_SOURCE_MAX`] buckets shares one
//! between all its further keys; when there are [`KEYS_MAX`], whoever comes new shares one with
//! all the others.

use std::collections::BTreeMap;

use crate::Source;
use crate::table::limits::{KEYS_MAX, KEYS_PER_SOURCE_MAX};

use super::Key;
use super::bucket::{Bucket, Speed};

#[derive(Debug)]
pub(super) struct Buckets {
    speed: Speed,
    places: BTreeMap<Key, usize>,
    slots: Vec<Slot>,
    /// How many slots each source brought into being.
    owned: BTreeMap<Source, usize>,
    /// Where the search for full buckets goes on.
    hand: usize,
    /// For whoever finds no place.
    shared: Option<Bucket>,
}

#[derive(Debug)]
struct Slot {
    key: Key,
    owner: Source,
    bucket: Bucket,
}

/// Slots looked at for each new one: more than one, so that forgetting keeps up.
const LOOKS: usize = 8;

impl Buckets {
    pub(super) fn new(speed: Speed) -> Self {
        Self {
            speed,
            places: BTreeMap::new(),
            slots: Vec::new(),
            owned: BTreeMap::new(),
            hand: 0,
            shared: None,
        }
    }

    /// Takes a token from the key's bucket, if there is one. `source` answers for the message.
    pub(super) fn take(&mut self, key: Key, source: Source, tick_ms: u64) -> bool {
        let speed = self.speed;
        self.bucket(key, source, tick_ms).take(speed, tick_ms)
    }

    fn bucket(&mut self, key: Key, source: Source, tick_ms: u64) -> &mut Bucket {
        let place = self.place(key).or_else(|| self.add(key, source, tick_ms));
        let fresh = Bucket::full(self.speed, tick_ms);
        match place {
            Some(place) => &mut self.slots[place].bucket,
            None => self.shared.get_or_insert(fresh),
        }
    }

    fn place(&self, key: Key) -> Option<usize> {
        self.places.get(&key).copied()
    }

    /// A place for a new key, if there is room.
    fn add(&mut self, key: Key, source: Source, tick_ms: u64) -> Option<usize> {
        self.forget(tick_ms);
        let owned = self.owned.get(&source).copied().unwrap_or(0);
        if owned < KEYS_PER_SOURCE_MAX {
            return self.insert(key, source, tick_ms);
        }
        let rest = Key::RestOf(source);
        self.place(rest)
            .or_else(|| self.insert(rest, source, tick_ms))
    }

    fn insert(&mut self, key: Key, owner: Source, tick_ms: u64) -> Option<usize> {
        let place = self.slots.len();
        if place == KEYS_MAX {
            return None;
        }
        let bucket = Bucket::full(self.speed, tick_ms);
        self.slots.push(Slot { key, owner, bucket });
        self.places.insert(key, place);
        *self.owned.entry(owner).or_default() += 1;
        Some(place)
    }

    /// Forgets full buckets among the next few.
    fn forget(&mut self, tick_ms: u64) {
        for _ in 0..LOOKS.min(self.slots.len()) {
            self.hand %= self.slots.len();
            if self.slots[self.hand].bucket.is_full(self.speed, tick_ms) {
                self.remove(self.hand);
            } else {
                self.hand += 1;
            }
        }
    }

    fn remove(&mut self, place: usize) {
        let gone = self.slots.swap_remove(place);
        self.places.remove(&gone.key);
        if let Some(moved) = self.slots.get(place) {
            self.places.insert(moved.key, place);
        }
        let owned = self.owned.entry(gone.owner).or_default();
        *owned -= 1;
        if *owned == 0 {
            self.owned.remove(&gone.owner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tokens, one more a second.
    fn buckets() -> Buckets {
        Buckets::new(Speed::new(1, 1_000, 2))
    }

    fn user(uid: u32) -> Source {
        Source::User(uid)
    }

    /// Key `number` of what a user made up.
    fn key(number: u32) -> Key {
        let port = libetp::Port(number);
        Key::Entity(libetp::EntityId {
            port,
            ..Default::default()
        })
    }

    fn drain(buckets: &mut Buckets, key: Key, source: Source, tick_ms: u64) -> usize {
        let takes = std::iter::repeat_with(|| buckets.take(key, source, tick_ms));
        takes.take_while(|taken| *taken).count()
    }

    #[test]
    fn keys_do_not_share() {
        let mut buckets = buckets();
        assert_eq!(drain(&mut buckets, key(1), user(1), 0), 2);
        assert_eq!(drain(&mut buckets, key(2), user(1), 0), 2);
        assert_eq!(drain(&mut buckets, key(1), user(2), 0), 0);
        assert_eq!(drain(&mut buckets, key(1), user(2), 1_000), 1);
    }

    #[test]
    fn a_source_has_so_many_keys_and_then_one_for_the_rest() {
        let mut buckets = buckets();
        let own = KEYS_PER_SOURCE_MAX as u32;
        for number in 0..own {
            assert_eq!(drain(&mut buckets, key(number), user(1), 0), 2);
        }
        assert_eq!(drain(&mut buckets, key(own), user(1), 0), 2, "the rest");
        assert_eq!(drain(&mut buckets, key(own + 1), user(1), 0), 0);
        assert_eq!(drain(&mut buckets, key(own + 2), user(2), 0), 2, "another");
    }

    #[test]
    fn who_finds_no_place_shares_and_nobody_is_forgotten_before_time() {
        let mut buckets = buckets();
        let all = KEYS_MAX as u32;
        for number in 0..all {
            assert_eq!(drain(&mut buckets, key(number), user(number), 0), 2);
        }
        assert_eq!(drain(&mut buckets, key(all), user(all), 0), 2, "shared");
        assert_eq!(drain(&mut buckets, key(all + 1), user(all + 1), 0), 0);
        for number in 0..all {
            assert_eq!(drain(&mut buckets, key(number), user(number), 0), 0);
        }
    }

    #[test]
    fn full_buckets_make_room() {
        let mut buckets = buckets();
        for number in 0..KEYS_MAX as u32 {
            buckets.take(key(number), user(number), 0);
        }
        for number in 0..2_000 {
            let new = key(1_000_000 + number);
            assert_eq!(
                drain(&mut buckets, new, user(u32::MAX), 1_000),
                2 * usize::from(number <= KEYS_PER_SOURCE_MAX as u32)
            );
            assert!(buckets.slots.len() <= KEYS_MAX);
        }
        let owned: usize = buckets.owned.values().sum();
        assert_eq!(
            (owned, buckets.places.len()),
            (buckets.slots.len(), buckets.slots.len())
        );
        for (place, slot) in buckets.slots.iter().enumerate() {
            assert_eq!(buckets.places[&slot.key], place);
        }
    }
}
