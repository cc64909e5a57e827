//! The secret slot.

use hkdf::Hkdf;
use libetp::codec;
use libetp::digest::Hash;
use sha2::Sha256;

use super::plan::SEED_BYTES;

const TAG: &str = "rho";

/// Which of the slots the agreement begins in, from 0: uniform, and unknown to whoever does not have the
/// seeds of all members.
pub fn slot(seeds: &[[u8; SEED_BYTES]], session: &Hash, slots: u32) -> u32 {
    let source = Hkdf::<Sha256>::new(None, seeds.as_flattened());
    // Below it every slot has the same number of candidates.
    let fair = u64::MAX - u64::MAX % u64::from(slots.max(1));
    let candidates = (0u32..).map(|attempt| candidate(&source, session, attempt));
    let chosen = candidates
        .filter(|it| *it < fair)
        .map(|it| it % u64::from(slots.max(1)));
    // One in 2^48 candidates at most is not fair: the first nearly always is.
    chosen.into_iter().next().unwrap_or_default() as u32
}

fn candidate(source: &Hkdf<Sha256>, session: &Hash, attempt: u32) -> u64 {
    let info = codec::to_vec(&Purpose {
        tag: TAG.into(),
        session: *session,
        attempt,
    });
    let mut bytes = [0; 8];
    // Eight bytes are never too many.
    let expanded = source.expand(&info, &mut bytes);
    debug_assert!(expanded.is_ok());
    u64::from_be_bytes(bytes)
}

libetp::structure! {
    /// What is drawn.
    struct Purpose {
        tag: alloc::string::String,
        session: [u8; 32],
        attempt: u32,
    }
}
