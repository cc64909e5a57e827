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

#[test]
fn a_flipped_bit_is_refused_or_harmless() {
    let first: Writes = (0..40)
        .map(|key| (vec![key], Some(vec![key; 500])))
        .collect();
    let disk = Disk::default();
    RedbStore::create(disk.clone(), AtRest::None, &first).expect("created");
    let mut store = open(&disk);
    let second = (10..20).map(|key| (vec![key], None)).collect();
    store.commit(&second).expect("committed");
    let all = store.scan(&[], None, usize::MAX).expect("readable");
    drop(store);
    let whole = disk.bytes();
    let mut refused = 0;
    for at in (0..whole.len()).step_by(7) {
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
    assert!(
        refused > 500,
        "{refused} of {}: much of the file is in use",
        whole.len() / 7
    );
}

#[test]
fn a_store_is_made_only_where_nothing_is() {
    let disk = Disk::new(vec![0; 100]);
    let refused = RedbStore::create(disk.clone(), AtRest::None, &Writes::new());
    assert!(refused.is_err());
    assert_eq!(disk.bytes(), [0; 100]);
}
