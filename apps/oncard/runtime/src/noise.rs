//! The card's end of the handshake that authenticates its owner.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use libetp::params::runtime::{AUTH_OVERHEAD_BYTES, AUTH_PATTERN};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState};
use zeroize::Zeroizing;

use crate::entropy::Secret;

/// A handshake whose first message was read.
pub(crate) struct Handshake {
    state: HandshakeState,
    /// The payload of the first message.
    pub(crate) payload: Zeroizing<Vec<u8>>,
}

impl Handshake {
    /// Reads the first message. `None` unless it was made for this key and this prologue.
    pub(crate) fn read(
        agree: &Secret,
        prologue: &[u8],
        seed: Secret,
        message: &[u8],
    ) -> Option<Self> {
        let resolver = Box::new(Resolver { seed });
        let mut state = Builder::with_resolver(AUTH_PATTERN.parse().ok()?, resolver)
            .local_private_key(&agree[..])
            .and_then(|builder| builder.prologue(prologue))
            .and_then(Builder::build_responder)
            .ok()?;
        let mut payload = Zeroizing::new(vec![0; message.len()]);
        let length = state.read_message(message, &mut payload).ok()?;
        payload.truncate(length);
        Some(Self { state, payload })
    }

    /// The second message, and the key of the channel from the initiator to the card.
    pub(crate) fn finish(mut self) -> Option<(Vec<u8>, Secret)> {
        let mut message = vec![0; AUTH_OVERHEAD_BYTES];
        let length = self.state.write_message(&[], &mut message).ok()?;
        message.truncate(length);
        let (inward, outward) = self.state.dangerously_get_raw_split();
        drop(Zeroizing::new(outward));
        Some((message, Zeroizing::new(inward)))
    }
}

/// The primitives of `snow`'s default, with the randomness of one handshake: a card has no other source
/// than its own.
pub struct Resolver {
    /// Fresh and random.
    pub seed: Zeroizing<[u8; 32]>,
}

struct Seeded(ChaCha20Rng);

impl Random for Seeded {
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), snow::Error> {
        self.0.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Seeded(ChaCha20Rng::from_seed(*self.seed))))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}
