//! Orders to the own card.

use libetp::EntityId;
use libetp::client::blocking::{Capability, CardSession, Connection};
use libetp::client::{CardPin, ClientError};
use libetp::params::runtime::{CardInfo, CardInfoRequest, RefusalCode};

use crate::{ANSWER_TIMEOUT, Access, Failure, Program, now, pin};

/// An authenticated channel to the card, and the id that it belongs to.
pub struct Orders {
    session: CardSession,
    /// A card takes one wrong PIN from an id and then no more from it until its next power-up;
    /// after one, orders go out under a second, passing id.
    substitute: Option<Capability>,
}

/// After a wrong PIN the own id is not tried again for so long: each try in vain counts against
/// this user at the daemon. A card forgets at its next power-up, which nobody can see from here.
const OWN_ID_RESTS_SECONDS: u64 = 6 * 3_600;

/// Who authenticates to what.
pub struct Owner<'a> {
    /// The own id.
    pub capability: &'a mut Capability,
    /// The pinned card.
    pub card: CardPin,
    /// When the card last refused a PIN from the own id, in seconds since 1970.
    pub wrong_pin_unix_s: Option<u64>,
}

impl Orders {
    /// Authenticates with the PIN. `connect` makes another connection for another id, `keep` stores a new
    /// [`Owner::wrong_pin_unix_s`].
    ///
    /// # Errors
    /// [`Failure`] of card, daemon or of what the caller gives.
    pub fn open<P: Program>(
        owner: Owner<'_>,
        secret: &[u8],
        connect: impl FnOnce() -> Result<Connection, Failure<P>>,
        keep: impl FnOnce(Option<u64>) -> Result<(), Failure<P>>,
    ) -> Result<Self, Failure<P>> {
        let wrong_at = owner.wrong_pin_unix_s;
        if wrong_at.is_some_and(|wrong_at| now() < wrong_at + OWN_ID_RESTS_SECONDS) {
            return Self::open_substitute(&owner.card, secret, connect()?);
        }
        let opened =
            CardSession::authenticate(owner.capability, &owner.card, secret, ANSWER_TIMEOUT);
        let refusal = opened.as_ref().err().and_then(ClientError::refusal);
        let tried_in_vain = matches!(
            refusal,
            Some(RefusalCode::WrongPin | RefusalCode::NoChallenge)
        );
        let wrong_now = tried_in_vain.then(now);
        if wrong_at != wrong_now {
            keep(wrong_now)?;
        }
        match refusal {
            Some(RefusalCode::NoChallenge) => {
                Self::open_substitute(&owner.card, secret, connect()?)
            }
            _ => Ok(Self {
                session: opened?,
                substitute: None,
            }),
        }
    }

    fn open_substitute<P: Program>(
        card: &CardPin,
        secret: &[u8],
        connection: Connection,
    ) -> Result<Self, Failure<P>> {
        let mut other = connection.acquire(Some(card.domain), false)?;
        let session = CardSession::authenticate(&mut other, card, secret, ANSWER_TIMEOUT)?;
        Ok(Self {
            session,
            substitute: Some(other),
        })
    }

    /// The card.
    pub fn card(&self) -> EntityId {
        self.session.card()
    }

    /// The session, and the id that it belongs to: the given own one unless that rests.
    pub fn authenticated<'a>(
        &'a mut self,
        own: &'a mut Capability,
    ) -> (&'a mut CardSession, &'a mut Capability) {
        let capability = self.substitute.as_mut().unwrap_or(own);
        (&mut self.session, capability)
    }

    /// The id that gives the orders, if it is not the own one.
    pub fn substitute(&mut self) -> Option<&mut Capability> {
        self.substitute.as_mut()
    }
}

/// The PIN: from the file that the command line names, or asked for.
///
/// # Errors
/// [`Failure`] of the file, the terminal or the card, which tells the tries left.
pub fn secret<P: Program>(
    capability: &mut Capability,
    access: &Access<'_>,
) -> Result<pin::Secret, Failure<P>> {
    match access.pin_file {
        // The card itself tells the tries that are left, when it refuses.
        Some(path) => pin::from_file(path),
        None => {
            let card = capability.id().domain.card();
            let tries_left = info(capability, card)?.retries_left;
            pin::current(None, tries_left)
        }
    }
}

/// What the card says of itself.
///
/// # Errors
/// [`Failure`] if it does not.
pub fn info<P: Program>(
    capability: &mut Capability,
    card: EntityId,
) -> Result<CardInfo, Failure<P>> {
    Ok(capability.call(card, &CardInfoRequest {}, ANSWER_TIMEOUT)?)
}
