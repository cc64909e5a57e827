//! The secret slot.

use oncard_trustedpals::exchange::slot;

const SESSION: [u8; 32] = [1; 32];

#[test]
fn slots_are_uniform() {
    const SLOTS: u32 = 20;
    const DRAWN: u32 = 20_000;
    let mut counts = [0u32; SLOTS as usize];
    for number in 0..DRAWN {
        let mut seeds = [[5; 32]; 3];
        seeds[1][28..].copy_from_slice(&number.to_be_bytes());
        counts[slot(&seeds, &SESSION, SLOTS) as usize] += 1;
    }
    let expected = f64::from(DRAWN / SLOTS);
    let square = |count: &u32| (f64::from(*count) - expected).powi(2) / expected;
    let chi_square: f64 = counts.iter().map(square).sum();
    // Exceeded once in a thousand for 19 degrees of freedom; the seeds are fixed.
    assert!(chi_square < 43.82, "{chi_square} of {counts:?}");
}

#[test]
fn every_seed_and_the_session_count() {
    let seeds = [[0; 32]; 3];
    let drawn = slot(&seeds, &SESSION, u32::MAX);
    for changed in 0..3 {
        let mut seeds = seeds;
        seeds[changed][31] = 1;
        assert_ne!(slot(&seeds, &SESSION, u32::MAX), drawn);
    }
    assert_ne!(slot(&seeds, &[2; 32], u32::MAX), drawn);
    assert_eq!(slot(&seeds, &SESSION, 1), 0);
}
