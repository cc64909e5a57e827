//! A new PIN for a card, by whoever knows the old one or the PUK.

use std::time::Duration;

use zeroize::Zeroizing;

use super::capability::Capability;
use super::card::{CardPin, Handshake, auth_step, challenge};
use super::error::ClientError;
use super::socket::Socket;
use crate::codec;
use crate::params::runtime::{PinSet, SetPin, SetPinPayload, pin_block, set_pin_prologue};

/// What shows a card that its owner wants a new PIN.
#[derive(Clone, Copy)]
pub enum PinProof<'a> {
    /// The PIN that the card has; costs one of its few tries if it is wrong.
    Pin(&'a [u8]),
    /// The PUK; costs one of its few tries if it is wrong, and none of them ever comes back
    /// without the right one.
    Puk(&'a [u8]),
}

impl PinProof<'_> {
    fn secret(&self) -> &[u8] {
        match self {
            Self::Pin(secret) | Self::Puk(secret) => secret,
        }
    }
}

impl std::fmt::Debug for PinProof<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PinProof(..)")
    }
}

/// Gives the pinned card a new PIN. Nobody is authenticated to the card afterwards.
///
/// Neither secret is visible to anybody but the card. If no answer comes, the card may have the
/// old PIN or the new one.
///
/// # Errors
/// [`ClientError::AuthenticationFailed`] with the tries left of what was proved,
/// [`ClientError::PinTooLong`], [`ClientError::Handshake`] if the card is not the pinned one, and
/// everything that [`Capability::call`] may fail with.
pub async fn set_pin<S: Socket>(
    capability: &mut Capability<S>,
    card: &CardPin,
    proof: PinProof<'_>,
    new_pin: &[u8],
    timeout: Duration,
) -> Result<(), ClientError> {
    let mut payload = SetPinPayload {
        is_puk: matches!(proof, PinProof::Puk(_)),
        secret: pin_block(proof.secret()).ok_or(ClientError::PinTooLong)?,
        new_pin: pin_block(new_pin).ok_or(ClientError::PinTooLong)?,
        id: capability.id(),
        challenge: [0; 32],
    };
    payload.challenge = challenge(capability, card.card(), timeout).await?;
    let payload = Zeroizing::new(codec::to_vec(&payload));
    let mut handshake = Handshake::write(card, &set_pin_prologue(&card.certificate), &payload)?;
    let order = SetPin {
        handshake: handshake.bytes().to_vec(),
    };
    let answer: PinSet = auth_step(capability, card.card(), &order, timeout).await?;
    handshake.check(&answer.handshake)
}
