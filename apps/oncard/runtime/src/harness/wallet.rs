//! An owner's program: authenticates with the PIN, and gives orders.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use libetp::codec;
use libetp::digest::sha256;
use libetp::message::Header;
use libetp::params::runtime::{
    AUTH_OVERHEAD_BYTES, AUTH_PATTERN, Auth, AuthBegin, AuthChallenge, AuthOk, AuthPayload, PinSet,
    SetPin, SetPinPayload, auth_prologue, pin_block, set_pin_prologue,
};
use libetp::params::{Param, Privileged};
use libetp::{EntityId, Message, Mtype};
use zeroize::Zeroizing;

use super::Host;
use crate::card::Card;
use crate::noise::{self, Resolver};
use crate::store::Store;

/// A program with an id, and a channel once it is authenticated.
#[derive(Clone)]
pub struct Wallet {
    /// Who it is.
    pub id: EntityId,
    /// The channel key.
    pub key: [u8; 32],
    /// Counter of the last order.
    pub counter: u64,
}

/// An authentication under way.
pub struct Handshake {
    state: Box<snow::HandshakeState>,
    /// For the card.
    pub message: Message,
}

impl Wallet {
    /// A program that is not authenticated.
    pub fn new(id: EntityId) -> Self {
        Self {
            id,
            key: [0; 32],
            counter: 0,
        }
    }

    /// A message to the card.
    pub fn message<P: Param>(&self, param: P) -> Message {
        param.into_message(self.id, self.id.domain.card())
    }

    /// Begins a handshake with the key that `agree` names.
    pub fn handshake(
        &self,
        certificate: &[u8],
        agree: &[u8; 32],
        pin: &[u8],
        challenge: [u8; 32],
        ephemeral: &[u8; 32],
    ) -> Handshake {
        let payload = AuthPayload {
            pin: pin_block(pin).expect("a PIN that fits"),
            id: self.id,
            challenge,
        };
        self.handshake_with(certificate, agree, &payload, ephemeral)
    }

    /// Begins a handshake with any payload.
    pub fn handshake_with(
        &self,
        certificate: &[u8],
        agree: &[u8; 32],
        payload: &AuthPayload,
        ephemeral: &[u8; 32],
    ) -> Handshake {
        let prologue = auth_prologue(&sha256(certificate));
        let payload = codec::to_vec(payload);
        let (state, handshake) = first_message(&prologue, agree, &payload, ephemeral);
        Handshake {
            state,
            message: self.message(Auth { handshake }),
        }
    }

    /// Begins the handshake of a new PIN, with any payload.
    pub fn set_pin_with(
        &self,
        certificate: &[u8],
        agree: &[u8; 32],
        payload: &SetPinPayload,
        ephemeral: &[u8; 32],
    ) -> Handshake {
        let prologue = set_pin_prologue(&sha256(certificate));
        let payload = codec::to_vec(payload);
        let (state, handshake) = first_message(&prologue, agree, &payload, ephemeral);
        Handshake {
            state,
            message: self.message(SetPin { handshake }),
        }
    }

    /// Gives the card a new PIN by the old one, or by the PUK; gives what the card said instead
    /// of `pin-set`, if it did.
    ///
    /// # Errors
    /// The card's last messages, if they are others.
    pub fn set_pin<S: Store>(
        &self,
        host: &mut Host,
        card: &mut Card<S>,
        agree: &[u8; 32],
        (is_puk, secret): (bool, &[u8]),
        new_pin: &[u8],
    ) -> Result<(), Vec<Message>> {
        let begun = talk(host, card, self.message(AuthBegin {}));
        let challenge = last::<AuthChallenge>(&begun).ok_or(begun)?.challenge;
        let payload = SetPinPayload {
            is_puk,
            secret: pin_block(secret).expect("a PIN that fits"),
            new_pin: pin_block(new_pin).expect("a PIN that fits"),
            id: self.id,
            challenge,
        };
        let certificate = card.identity().certificate.clone();
        let handshake = self.set_pin_with(&certificate, agree, &payload, &sha256(&challenge));
        let said = talk(host, card, handshake.message.clone());
        let answer = last::<PinSet>(&said).ok_or(said)?;
        let proof = AuthOk {
            handshake: answer.handshake,
        };
        let is_proved = handshake.finish(&proof, &mut self.clone());
        is_proved.then_some(()).ok_or_else(Vec::new)
    }

    /// Authenticates; gives what the card said instead of `auth-ok`, if it did.
    ///
    /// # Errors
    /// The card's last message, if it is another one.
    pub fn authenticate<S: Store>(
        &mut self,
        host: &mut Host,
        card: &mut Card<S>,
        agree: &[u8; 32],
        pin: &[u8],
    ) -> Result<(), Vec<Message>> {
        let begun = talk(host, card, self.message(AuthBegin {}));
        let challenge = last::<AuthChallenge>(&begun).ok_or(begun)?.challenge;
        let certificate = card.identity().certificate.clone();
        let ephemeral = sha256(&challenge);
        let handshake = self.handshake(&certificate, agree, pin, challenge, &ephemeral);
        let said = talk(host, card, handshake.message.clone());
        let answer = last::<AuthOk>(&said).ok_or(said)?;
        handshake.finish(&answer, self);
        Ok(())
    }

    /// The next order.
    pub fn order<P: Param>(&mut self, param: P) -> Message {
        self.seal(P::MTYPE, codec::to_vec(&param))
    }

    /// The next order, of any type.
    pub fn seal(&mut self, mtype: Mtype, body: Vec<u8>) -> Message {
        self.counter += 1;
        self.seal_at(self.counter, mtype, body)
    }

    /// An order with any counter.
    pub fn order_at<P: Param>(&self, counter: u64, param: P) -> Message {
        self.seal_at(counter, P::MTYPE, codec::to_vec(&param))
    }

    fn seal_at(&self, counter: u64, mtype: Mtype, body: Vec<u8>) -> Message {
        let (src, dst) = (self.id, self.id.domain.card());
        let header = Header { src, dst, mtype };
        let order = Privileged {
            counter,
            tag: self.tag(&header, counter, &body),
            body,
        };
        Message::new(src, dst, mtype, codec::to_vec(&order))
    }

    /// The tag of an order.
    pub fn tag(&self, header: &Header, counter: u64, body: &[u8]) -> [u8; 16] {
        let data = Privileged::associated_data(header, counter, body);
        let payload = Payload {
            msg: &[],
            aad: &data,
        };
        let nonce = Nonce::from(Privileged::nonce(counter));
        let sealed = ChaCha20Poly1305::new(&Key::from(self.key)).encrypt(&nonce, payload);
        let tag = sealed.ok().and_then(|tag| tag.try_into().ok());
        tag.expect("the seal of the empty string is a tag")
    }
}

impl Handshake {
    /// Reads the card's answer; the wallet has a channel then. Tells whether it was the card's.
    pub fn finish(mut self, answer: &AuthOk, wallet: &mut Wallet) -> bool {
        let mut payload = [0; 64];
        let read = self.state.read_message(&answer.handshake, &mut payload);
        if read.is_err() {
            return false;
        }
        wallet.key = self.state.dangerously_get_raw_split().0;
        wallet.counter = 0;
        true
    }
}

/// A handshake's first message with a payload, and its state.
fn first_message(
    prologue: &[u8],
    agree: &[u8; 32],
    payload: &[u8],
    ephemeral: &[u8; 32],
) -> (Box<snow::HandshakeState>, Vec<u8>) {
    let resolver = Box::new(Resolver {
        seed: Zeroizing::new([0; 32]),
    });
    let pattern = AUTH_PATTERN.parse().expect("a pattern of Noise");
    let mut state = snow::Builder::with_resolver(pattern, resolver)
        .prologue(prologue)
        .and_then(|builder| builder.remote_public_key(agree))
        .map(|builder| builder.fixed_ephemeral_key_for_testing_only(ephemeral))
        .and_then(snow::Builder::build_initiator)
        .expect("keys of 32 bytes");
    let mut handshake = vec![0; payload.len() + AUTH_OVERHEAD_BYTES];
    let length = state.write_message(payload, &mut handshake);
    handshake.truncate(length.expect("the buffer has room for it"));
    (Box::new(state), handshake)
}

/// Whether a card with that key and certificate can read the first message of a handshake.
pub fn can_read(agree: &[u8; 32], certificate: &[u8], handshake: &[u8]) -> bool {
    let (agree, seed) = (Zeroizing::new(*agree), Zeroizing::new([0; 32]));
    let prologue = auth_prologue(&sha256(certificate));
    noise::Handshake::read(&agree, &prologue, seed, handshake).is_some()
}

fn talk<S: Store>(host: &mut Host, card: &mut Card<S>, message: Message) -> Vec<Message> {
    host.talk(card, &[message]).unwrap_or_default()
}

/// The parameters of the last message, if it is of that type.
fn last<P: Param>(messages: &[Message]) -> Option<P> {
    let message = messages.last()?;
    let right = message.header.mtype == P::MTYPE;
    right.then(|| P::from_param(&message.param).ok()).flatten()
}
