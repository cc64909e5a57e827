//! Setting a link up.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use libetp::digest::{Hash, SUITE};
use libetp::{EntityId, codec};
use oncard_runtime::AgreementKey;
use snow::HandshakeState;
use zeroize::Zeroizing;

use super::packet::Link;

const TAG: &str = "link/v1";
/// Bytes of each message of a handshake: a public key and a tag, nothing else.
pub const HANDSHAKE_MESSAGE_BYTES: usize = 48;

/// The two cards of a link, as one of them sees it, and what the link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parties {
    /// This card.
    pub me: EntityId,
    /// The other one.
    pub peer: EntityId,
    /// Hash of this card's certificate.
    pub my_certificate: Hash,
    /// Hash of the other one's.
    pub peer_certificate: Hash,
    /// The session.
    pub session: Hash,
}

impl Parties {
    /// Whether this card sends the first message: the one with the smaller id does.
    pub fn initiates(&self) -> bool {
        self.me < self.peer
    }

    /// The same for both.
    fn prologue(&self) -> Vec<u8> {
        let ours = (self.my_certificate, self.peer_certificate);
        let (initiator, responder) = match self.initiates() {
            true => ours,
            false => (ours.1, ours.0),
        };
        codec::to_vec(&Prologue {
            tag: TAG.into(),
            suite: SUITE,
            initiator,
            responder,
            session: self.session,
        })
    }
}

libetp::structure! {
    /// What both ends have to agree on.
    struct Prologue {
        tag: String,
        suite: u8,
        initiator: [u8; 32],
        responder: [u8; 32],
        session: [u8; 32],
    }
}

/// Static X25519 keys, which the certificates name.
#[derive(Clone, Debug)]
pub struct Keys {
    /// This card's.
    pub private: AgreementKey,
    /// The other card's.
    pub peer_public: [u8; 32],
}

/// A handshake that waits for the second message.
#[derive(Debug)]
pub struct Handshake(Box<Begun>);

#[derive(Debug)]
struct Begun {
    state: HandshakeState,
    parties: Parties,
    packet_bytes: usize,
}

impl Handshake {
    /// Begins it. The first message, for the peer. `seed` is fresh and random; packets of the link have
    /// `packet_bytes`. `None` if the peer is to begin, or its key is none.
    pub fn initiate(
        parties: Parties,
        keys: &Keys,
        seed: Zeroizing<[u8; 32]>,
        packet_bytes: usize,
    ) -> Option<(Self, Vec<u8>)> {
        if !parties.initiates() {
            return None;
        }
        let mut state = begun(&parties, keys, seed)?;
        let message = said(&mut state)?;
        let begun = Begun {
            state,
            parties,
            packet_bytes,
        };
        Some((Self(Box::new(begun)), message))
    }

    /// Answers the first message. The link, and the second message. `None` unless the first was made by the peer,
    /// for this card and session.
    pub fn respond(
        parties: Parties,
        keys: &Keys,
        seed: Zeroizing<[u8; 32]>,
        packet_bytes: usize,
        first: &[u8],
    ) -> Option<(Link, Vec<u8>)> {
        if parties.initiates() {
            return None;
        }
        let mut state = begun(&parties, keys, seed)?;
        state.read_message(first, &mut []).ok()?;
        let message = said(&mut state)?;
        Some((linked(state, &parties, packet_bytes)?, message))
    }

    /// Reads the second message.
    ///
    /// # Errors
    /// The handshake as it was, unless the peer made the message for it: the right one may still come.
    pub fn finish(mut self, second: &[u8]) -> Result<Option<Link>, Self> {
        if self.0.state.read_message(second, &mut []).is_err() {
            return Err(self);
        }
        let Begun {
            state,
            parties,
            packet_bytes,
        } = *self.0;
        Ok(linked(state, &parties, packet_bytes))
    }
}

fn begun(parties: &Parties, keys: &Keys, seed: Zeroizing<[u8; 32]>) -> Option<HandshakeState> {
    let (prologue, initiates) = (parties.prologue(), parties.initiates());
    keys.private
        .handshake(&keys.peer_public, &prologue, seed, initiates)
}

fn said(state: &mut HandshakeState) -> Option<Vec<u8>> {
    let mut message = vec![0; HANDSHAKE_MESSAGE_BYTES];
    let len = state.write_message(&[], &mut message).ok()?;
    message.truncate(len);
    Some(message)
}

fn linked(state: HandshakeState, parties: &Parties, packet_bytes: usize) -> Option<Link> {
    let keys = state.into_stateless_transport_mode().ok()?;
    Some(Link::new(keys, parties.me, parties.peer, packet_bytes))
}
