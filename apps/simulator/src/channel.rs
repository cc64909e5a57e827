//! The owner's channel to the card: authentication, and the tags of privileged orders.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use libetp::codec;
use libetp::digest::sha256;
use libetp::message::Header;
use libetp::params::Privileged;
use libetp::params::runtime::{AuthPayload, auth_prologue};
use libetp::{EntityId, Message, Mtype};
use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};

use crate::dice::Dice;
use crate::world::{Blank, PIN};

const PATTERN: &str = "Noise_NK_25519_ChaChaPoly_SHA256";
const HANDSHAKE_BYTES_MAX: usize = 512;

/// An authentication that waits for the card's answer.
pub struct Handshake(Box<snow::HandshakeState>);

/// The keyed channel.
pub struct Channel {
    cipher: ChaCha20Poly1305,
    counter: u64,
}

/// The first message of the handshake, with its ephemeral key from these dice.
///
/// # Errors
/// [`snow::Error`] if the card's key is not usable.
pub fn begin(
    card: &Blank,
    id: EntityId,
    challenge: [u8; 32],
    dice: &Dice,
) -> Result<(Handshake, Vec<u8>), snow::Error> {
    let prologue = auth_prologue(&sha256(&card.certificate));
    let resolver = Box::new(Seeded(dice.clone()));
    let mut state = snow::Builder::with_resolver(PATTERN.parse()?, resolver)
        .prologue(&prologue)?
        .remote_public_key(&card.agree)?
        .build_initiator()?;
    let payload = codec::to_vec(&AuthPayload {
        pin: PIN.to_vec(),
        id,
        challenge,
    });
    let mut message = vec![0; HANDSHAKE_BYTES_MAX];
    let length = state.write_message(&payload, &mut message)?;
    message.truncate(length);
    Ok((Handshake(Box::new(state)), message))
}

impl Handshake {
    /// The channel, if the answer is the card's.
    ///
    /// # Errors
    /// [`snow::Error`] if it is not.
    pub fn finish(mut self, answer: &[u8]) -> Result<Channel, snow::Error> {
        let mut payload = vec![0; HANDSHAKE_BYTES_MAX];
        self.0.read_message(answer, &mut payload)?;
        let (key, _) = self.0.dangerously_get_raw_split();
        Ok(Channel {
            cipher: ChaCha20Poly1305::new(&Key::from(key)),
            counter: 0,
        })
    }
}

impl Channel {
    /// A privileged order.
    pub fn seal(&mut self, src: EntityId, dst: EntityId, mtype: Mtype, body: Vec<u8>) -> Message {
        self.counter += 1;
        let header = Header { src, dst, mtype };
        let data = Privileged::associated_data(&header, self.counter, &body);
        let nonce = Nonce::from(Privileged::nonce(self.counter));
        let payload = Payload {
            msg: &[],
            aad: &data,
        };
        let sealed = self.cipher.encrypt(&nonce, payload).unwrap_or_default();
        let mut tag = [0; 16];
        tag.copy_from_slice(&sealed);
        let order = Privileged {
            counter: self.counter,
            tag,
            body,
        };
        Message::new(src, dst, mtype, codec::to_vec(&order))
    }
}

/// The default primitives with the randomness of one handshake.
struct Seeded(Dice);

impl Random for Seeded {
    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), snow::Error> {
        self.0.fill(to);
        Ok(())
    }
}

impl CryptoResolver for Seeded {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Self(self.0.clone())))
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
