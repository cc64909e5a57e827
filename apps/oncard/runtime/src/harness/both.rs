//! Both ends of a handshake with fixed ephemeral keys, for vectors.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use libetp::params::runtime::{AUTH_OVERHEAD_BYTES, AUTH_PATTERN};
use snow::{Builder, HandshakeState};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::noise::Resolver;

/// What passes in a handshake, and the key that comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Both {
    /// From the program.
    pub message_1: Vec<u8>,
    /// From the card.
    pub message_2: Vec<u8>,
    /// From the program to the card.
    pub channel_key: [u8; 32],
}

/// A whole handshake. All keys are private ones.
pub fn handshake(
    card: &[u8; 32],
    prologue: &[u8],
    payload: &[u8],
    initiator: &[u8; 32],
    responder: &[u8; 32],
) -> Both {
    let public = PublicKey::from(&StaticSecret::from(*card)).to_bytes();
    let mut program = builder(prologue, initiator)
        .remote_public_key(&public)
        .and_then(Builder::build_initiator)
        .expect("keys of 32 bytes");
    let mut answering = builder(prologue, responder)
        .local_private_key(card)
        .and_then(Builder::build_responder)
        .expect("keys of 32 bytes");
    let message_1 = pass(&mut program, &mut answering, payload);
    let message_2 = pass(&mut answering, &mut program, &[]);
    let (channel_key, _) = answering.dangerously_get_raw_split();
    assert_eq!(channel_key, program.dangerously_get_raw_split().0);
    Both {
        message_1,
        message_2,
        channel_key,
    }
}

fn builder<'k>(prologue: &'k [u8], ephemeral: &'k [u8; 32]) -> Builder<'k> {
    let resolver = Box::new(Resolver {
        seed: Zeroizing::new([0; 32]),
    });
    Builder::with_resolver(AUTH_PATTERN.parse().expect("a pattern of Noise"), resolver)
        .fixed_ephemeral_key_for_testing_only(ephemeral)
        .prologue(prologue)
        .expect("set once")
}

fn pass(from: &mut HandshakeState, to: &mut HandshakeState, payload: &[u8]) -> Vec<u8> {
    let mut message = vec![0; payload.len() + AUTH_OVERHEAD_BYTES];
    let length = from.write_message(payload, &mut message);
    message.truncate(length.expect("the buffer has room for it"));
    let mut read = vec![0; message.len()];
    let length = to.read_message(&message, &mut read);
    assert_eq!(length.map(|length| &read[..length]), Ok(payload));
    message
}
