//! A map that forgets.

use std::collections::HashMap;

use etp_guard::Keyed;

#[test]
fn it_is_a_map_while_there_is_room() {
    let mut keyed: Keyed<u32, u64, 64> = Keyed::new();
    let mut map = HashMap::new();
    for step in 0..10_000_u32 {
        let key = step.wrapping_mul(2_654_435_761) >> 29;
        match step % 7 {
            0 => assert_eq!(keyed.remove(&key), map.remove(&key)),
            _ => assert_eq!(keyed.set(key, step.into()), map.insert(key, step.into())),
        }
        for key in 0..8 {
            assert_eq!(keyed.get(&key), map.get(&key));
        }
    }
}

#[test]
fn a_full_one_forgets_who_was_set_longest_ago() {
    let mut keyed: Keyed<u32, u32, 8> = Keyed::new();
    for key in 0..8 {
        keyed.set(key, key);
    }
    keyed.set(0, 100);
    assert!((0..8).all(|key| keyed.get(&key).is_some()));
    keyed.set(8, 8);
    assert_eq!(keyed.get(&1), None, "the oldest");
    assert_eq!(keyed.get(&0), Some(&100), "set again");
    assert_eq!(keyed.get(&8), Some(&8));
}

#[test]
fn one_place_holds_the_last_key() {
    let mut keyed: Keyed<[u8; 16], u8, 1> = Keyed::default();
    assert_eq!(
        keyed.get(&[0; 16]),
        None,
        "an empty place holds no key, not even one of zeros"
    );
    assert_eq!(keyed.remove(&[0; 16]), None);
    assert_eq!(keyed.set([1; 16], 1), None);
    assert_eq!(keyed.set([2; 16], 2), None);
    assert_eq!(keyed.get(&[1; 16]), None);
    assert_eq!(keyed.remove(&[2; 16]), Some(2));
    assert_eq!(keyed.get(&[2; 16]), None);
}
