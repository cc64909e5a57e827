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

/// Of the handshakes between cards: both know the other's static key from its certificate.
const LINK_PATTERN: &str = "Noise_KK_25519_ChaChaPoly_SHA256";

/// A card's static X25519 key in the hands of a program: good for links with other cards, and for
/// nothing else. It does not open what owners say to the card under the same key.
#[derive(Clone)]
pub struct AgreementKey(Secret);

impl From<Secret> for AgreementKey {
    fn from(secret: Secret) -> Self {
        Self(secret)
    }
}

impl core::fmt::Debug for AgreementKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("AgreementKey")
    }
}

impl AgreementKey {
    /// A handshake with the card whose static key is `peer`, at its first message; this card sends it if it
    /// `initiates`. `seed` is random, for this handshake alone. `None` if `peer` is no key.
    pub fn handshake(
        &self,
        peer: &[u8; 32],
        prologue: &[u8],
        seed: Zeroizing<[u8; 32]>,
        initiates: bool,
    ) -> Option<HandshakeState> {
        let resolver = Box::new(Resolver { seed });
        let builder = Builder::with_resolver(LINK_PATTERN.parse().ok()?, resolver)
            .local_private_key(&self.0[..])
            .and_then(|builder| builder.remote_public_key(peer))
            .and_then(|builder| builder.prologue(prologue))
            .ok()?;
        match initiates {
            true => builder.build_initiator().ok(),
            false => builder.build_responder().ok(),
        }
    }
}

/// The primitives of `snow`'s default, with the randomness of one handshake: a card has no other source
/// than its own.
pub(crate) struct Resolver {
    /// Fresh and random.
    pub(crate) seed: Zeroizing<[u8; 32]>,
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
