//! The store keeps what a map in memory keeps.

mod support;

use oncard_runtime::{MemoryStore, Store, Writes};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use softcard::{AtRest, RedbStore, StoreOpenError};
use support::disk::Disk;

fn key() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![Just(0_u8), Just(1), Just(0xFF)], 0..4)
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 60_000_usize..65_537).prop_map(|(byte, length)| vec![byte; length]),
    ]
}

fn writes() -> impl Strategy<Value = Writes> {
    btree_map(key(), option::weighted(0.7, value()), 0..8)
}

fn open(disk: &Disk) -> RedbStore {
    let disk = disk.clone();
    RedbStore::open(move || Ok(disk.clone())).expect("opens")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn as_a_map_in_memory(
        first in writes(),
        transactions in vec(writes(), 0..6),
        queries in vec((key(), option::of(key()), 0_usize..6), 1..20),
    ) {
        let first: Writes = first.into_iter().filter(|(_, value)| value.is_some()).collect();
        let mut memory = MemoryStore::default();
        memory.commit(&first).expect("memory");
        let disk = Disk::default();
        RedbStore::create(disk.clone(), AtRest::None, &first).expect("created");
        let mut store = open(&disk);
        for writes in &transactions {
            memory.commit(writes).expect("memory");
            store.commit(writes).expect("committed");
        }
        for reopened in [false, true] {
            if reopened {
                drop(store);
                store = open(&disk);
            }
            for (key, after, limit) in &queries {
                prop_assert_eq!(store.get(key), memory.get(key));
                let found = store.scan(key, after.as_deref(), *limit);
                prop_assert_eq!(found, memory.scan(key, after.as_deref(), *limit));
            }
        }
    }
}

const PAGE_BYTES: usize = 4_096;

type Entries = Vec<(Vec<u8>, Vec<u8>)>;

/// A store after two transactions: what it holds, and its bytes after a clean end or as a power
/// cut leaves them.
fn used_store(clean_end: bool) -> (Entries, Vec<u8>) {
    let first: Writes = (0..40)
        .map(|key| (vec![key], Some(vec![key; 500])))
        .collect();
    let disk = Disk::default();
    RedbStore::create(disk.clone(), AtRest::None, &first).expect("created");
    let mut store = open(&disk);
    let second = (10..20).map(|key| (vec![key], None)).collect();
    store.commit(&second).expect("committed");
    let all = store.scan(&[], None, usize::MAX).expect("readable");
    let as_cut = disk.bytes();
    drop(store);
    let bytes = match clean_end {
        true => disk.bytes(),
        false => as_cut,
    };
    (all, bytes)
}

/// Opens with one byte damaged, here and there in the pages that are in use; counts how often that
/// was refused.
fn refused_when_damaged(clean_end: bool) -> usize {
    let (all, whole) = used_store(clean_end);
    let in_use = |at: &usize| {
        let page = at - at % PAGE_BYTES;
        whole[page..page + PAGE_BYTES].iter().any(|byte| *byte != 0)
    };
    let mut refused = 0;
    for at in (0..whole.len()).step_by(23).filter(in_use) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let disk = Disk::new(bytes);
        match RedbStore::open(move || Ok(disk.clone())) {
            Ok(store) => {
                assert_eq!(
                    store.scan(&[], None, usize::MAX).as_ref(),
                    Ok(&all),
                    "byte {at}"
                );
            }
            Err(error) => {
                assert!(
                    matches!(error, StoreOpenError::Corrupt(_)),
                    "byte {at}: {error:?}"
                );
                refused += 1;
            }
        }
    }
    refused
}

#[test]
fn a_flipped_bit_is_refused_or_harmless() {
    assert!(
        refused_when_damaged(true) > 500,
        "much of the file is in use"
    );
}

#[test]
fn a_bit_flipped_after_a_power_cut_never_brings_an_older_state_back() {
    assert!(
        refused_when_damaged(false) > 500,
        "much of the file is in use"
    );
}

#[test]
fn a_store_is_made_only_where_nothing_is() {
    let disk = Disk::new(vec![0; 100]);
    let refused = RedbStore::create(disk.clone(), AtRest::None, &Writes::new());
    assert!(refused.is_err());
    assert_eq!(disk.bytes(), [0; 100]);
}
