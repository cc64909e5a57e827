//! Randomness of a powered-up card, and the MAC that derives from secrets.

use alloc::vec::Vec;

use hmac::{Hmac, KeyInit, Mac};
use libetp::codec::{Encode, Encoder};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use sha2::Sha256;
use zeroize::Zeroizing;

/// 32 secret bytes, erased when dropped.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// HMAC-SHA256 over the encoding of a label and a value.
pub(crate) fn derive(key: &[u8; 32], label: &str, value: &(impl Encode + ?Sized)) -> Secret {
    let mut to = Encoder::new(Vec::new());
    libetp::codec::open_structure(&mut to, 2);
    label.encode(&mut to);
    value.encode(&mut to);
    let input = Zeroizing::new(to.into_writer());
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(&input);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// The generator of one power-up.
pub(crate) struct Entropy(ChaCha20Rng);

impl Entropy {
    pub(crate) fn new(seed: &Secret) -> Self {
        Self(ChaCha20Rng::from_seed(**seed))
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
