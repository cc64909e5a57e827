//! Orders to a card: a channel from the program to the card that nobody between them can use.
//!
//! `Noise_NK_25519_ChaChaPoly_SHA256` to the card's pinned key proves the card to the program;
//! the PIN and the card's challenge in its first message prove the owner to the card. Each
//! privileged order then carries a counter and a tag under the channel key. The daemon, a proxy
//! or a captured transcript allow neither an order nor a test of the PIN.

use std::time::Duration;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::capability::Capability;
use super::error::ClientError;
use super::session::Delivery;
use super::socket::Socket;
use crate::codec;
use crate::digest::{Hash, sha256};
use crate::id::{Domain, EntityId};
use crate::limits::PIN_BYTES_MAX;
use crate::message::Header;
use crate::mtype::Mtype;
use crate::params::runtime::{
    AUTH_OVERHEAD_BYTES, AUTH_PATTERN, Auth, AuthBegin, AuthChallenge, AuthFailed, AuthOk,
    AuthPayload, auth_prologue, pin_block,
};
use crate::params::{Param, Privileged};

/// What a program pinned of its card, once, from a certificate that it verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPin {
    /// The card's domain.
    pub domain: Domain,
    /// SHA-256 of the card's certificate, DER.
    pub certificate: Hash,
    /// The card's X25519 key.
    pub agree: [u8; 32],
}

impl CardPin {
    /// From a verified certificate and the X25519 key in it.
    pub fn new(domain: Domain, certificate_der: &[u8], agree: [u8; 32]) -> Self {
        let certificate = sha256(certificate_der);
        Self {
            domain,
            certificate,
            agree,
        }
    }

    /// The card.
    pub fn card(&self) -> EntityId {
        self.domain.card()
    }
}

/// The first half of an authentication: the handshake message for [`Auth`] is written.
pub struct Handshake {
    state: snow::HandshakeState,
    message: Vec<u8>,
}

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handshake(..)")
    }
}

impl Handshake {
    /// Writes the first message, for `id` and the card's challenge.
    ///
    /// # Errors
    /// [`ClientError::PinTooLong`]; [`ClientError::Handshake`] if the pinned key is unusable.
    pub fn start(
        pin: &CardPin,
        id: EntityId,
        challenge: [u8; 32],
        secret: &[u8],
    ) -> Result<Self, ClientError> {
        let payload = Zeroizing::new(codec::to_vec(&AuthPayload {
            pin: pin_block(secret).ok_or(ClientError::PinTooLong)?,
            id,
            challenge,
        }));
        Self::write(pin, &auth_prologue(&pin.certificate), &payload)
    }

    /// Writes the first message with a payload.
    pub(super) fn write(
        pin: &CardPin,
        prologue: &[u8],
        payload: &[u8],
    ) -> Result<Self, ClientError> {
        let mut state = initiator(pin, prologue).map_err(|_| ClientError::Handshake)?;
        let mut message = vec![0; payload.len() + AUTH_OVERHEAD_BYTES];
        let len = state.write_message(payload, &mut message);
        message.truncate(len.map_err(|_| ClientError::Handshake)?);
        Ok(Self { state, message })
    }

    /// What goes to the card.
    pub fn message(&self) -> Auth {
        let handshake = self.bytes().to_vec();
        Auth { handshake }
    }

    /// The first message.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.message
    }

    /// Reads the card's answer; the channel for `id` is then open.
    ///
    /// # Errors
    /// [`ClientError::Handshake`] if the answer does not prove the pinned key.
    pub fn finish(mut self, answer: &AuthOk, id: EntityId) -> Result<OrderChannel, ClientError> {
        self.check(&answer.handshake)?;
        let (mut key, mut unused) = self.state.dangerously_get_raw_split();
        unused.zeroize();
        let channel = OrderChannel::new(id, key);
        key.zeroize();
        Ok(channel)
    }

    /// Whether the second message proves the pinned key.
    pub(super) fn check(&mut self, answer: &[u8]) -> Result<(), ClientError> {
        let mut payload = vec![0; answer.len()];
        let read = self.state.read_message(answer, &mut payload);
        match read == Ok(0) && self.state.is_handshake_finished() {
            true => Ok(()),
            false => Err(ClientError::Handshake),
        }
    }
}

fn initiator(pin: &CardPin, prologue: &[u8]) -> Result<snow::HandshakeState, snow::Error> {
    snow::Builder::new(AUTH_PATTERN.parse()?)
        .prologue(prologue)?
        .remote_public_key(&pin.agree)?
        .build_initiator()
}

/// The channel key and the counter of the last order.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct OrderChannel {
    #[zeroize(skip)]
    id: EntityId,
    key: [u8; 32],
    counter: u64,
}

impl std::fmt::Debug for OrderChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OrderChannel({}, order {})", self.id, self.counter)
    }
}

impl OrderChannel {
    /// A channel of `id` with its key.
    pub fn new(id: EntityId, key: [u8; 32]) -> Self {
        Self {
            id,
            key,
            counter: 0,
        }
    }

    /// The parameters of the next order: `body` in its envelope.
    pub fn seal(&mut self, card: EntityId, mtype: Mtype, body: Vec<u8>) -> Vec<u8> {
        self.counter += 1;
        let header = Header {
            src: self.id,
            dst: card,
            mtype,
        };
        let data = Privileged::associated_data(&header, self.counter, &body);
        let tag = tag(&self.key, self.counter, &data);
        codec::to_vec(&Privileged {
            counter: self.counter,
            tag,
            body,
        })
    }
}

/// The AEAD tag of the empty string.
fn tag(key: &[u8; 32], counter: u64, data: &[u8]) -> [u8; 16] {
    let nonce = Nonce::from(Privileged::nonce(counter));
    let cipher = ChaCha20Poly1305::new(&Key::from(*key));
    cipher
        .encrypt_inout_detached(&nonce, data, (&mut [][..]).into())
        .expect("an empty text and a header fit into any AEAD")
        .into()
}

/// An authenticated channel to the own card. It ends with the capability, with its next resume
/// and with the card's power.
#[derive(Debug)]
pub struct CardSession {
    channel: OrderChannel,
    card: EntityId,
}

impl CardSession {
    /// Authenticates with the PIN. A wrong one costs one of few tries.
    ///
    /// # Errors
    /// [`ClientError::AuthenticationFailed`] with the tries left, [`ClientError::Handshake`] if
    /// the card is not the pinned one, and everything that [`Capability::call`] may fail with.
    pub async fn authenticate<S: Socket>(
        capability: &mut Capability<S>,
        pin: &CardPin,
        secret: &[u8],
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        if secret.len() > PIN_BYTES_MAX {
            return Err(ClientError::PinTooLong);
        }
        let card = pin.card();
        let challenge = challenge(capability, card, timeout).await?;
        let handshake = Handshake::start(pin, capability.id(), challenge, secret)?;
        let answer = auth_step(capability, card, &handshake.message(), timeout).await?;
        let channel = handshake.finish(&answer, capability.id())?;
        Ok(Self { channel, card })
    }

    /// The card.
    pub fn card(&self) -> EntityId {
        self.card
    }

    /// The parameters of an order, in their envelope; each is good once.
    pub fn seal<P: Param>(&mut self, order: &P) -> Vec<u8> {
        self.channel.seal(self.card, P::MTYPE, codec::to_vec(order))
    }

    /// Sends an order and does not wait for an answer; returns its number.
    ///
    /// # Errors
    /// As [`Capability::send`].
    pub async fn send<S: Socket, P: Param>(
        &mut self,
        capability: &mut Capability<S>,
        order: &P,
    ) -> Result<u64, ClientError> {
        let param = self.seal(order);
        capability.send(self.card, P::MTYPE, &param).await
    }

    /// Gives an order and waits for its answer.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn order<S: Socket, P: Param, A: Param>(
        &mut self,
        capability: &mut Capability<S>,
        order: &P,
        timeout: Duration,
    ) -> Result<A, ClientError> {
        self.order_where(capability, order, timeout, |_| true).await
    }

    /// As [`CardSession::order`], for the first answer whose contents fit.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn order_where<S: Socket, P: Param, A: Param>(
        &mut self,
        capability: &mut Capability<S>,
        order: &P,
        timeout: Duration,
        fits: impl Fn(&A) -> bool,
    ) -> Result<A, ClientError> {
        let param = self.seal(order);
        capability
            .exchange(self.card, P::MTYPE, &param, timeout, fits)
            .await
    }
}

/// Asks the card for a challenge.
pub(super) async fn challenge<S: Socket>(
    capability: &mut Capability<S>,
    card: EntityId,
    timeout: Duration,
) -> Result<[u8; 32], ClientError> {
    let AuthChallenge { challenge } = auth_step(capability, card, &AuthBegin {}, timeout).await?;
    Ok(challenge)
}

/// The card answers each step with what the next one needs, or with the reason why not and the
/// tries left.
pub(super) async fn auth_step<S: Socket, Q: Param, A: Param>(
    capability: &mut Capability<S>,
    card: EntityId,
    question: &Q,
    timeout: Duration,
) -> Result<A, ClientError> {
    let param = codec::to_vec(question);
    let is_answer = |delivery: &Delivery| {
        [A::MTYPE, AuthFailed::MTYPE].contains(&delivery.message.header.mtype)
    };
    let answer = capability
        .ask_peer(card, Q::MTYPE, &param, timeout, is_answer)
        .await?;
    let message = answer.message;
    let mtype = message.header.mtype;
    let unreadable = |error| ClientError::Answer { mtype, error };
    if mtype == A::MTYPE {
        return A::from_param(&message.param).map_err(unreadable);
    }
    let failed = AuthFailed::from_param(&message.param).map_err(unreadable)?;
    Err(ClientError::AuthenticationFailed {
        code: failed.code,
        retries_left: failed.retries_left,
        detail: failed.detail,
    })
}
