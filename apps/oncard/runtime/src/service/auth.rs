//! Authentication: a challenge, the PIN under Noise NK, a channel key.

use alloc::vec::Vec;

use libetp::EntityId;
use libetp::codec::{self, Decode};
use libetp::digest::{Hash, sha256};
use libetp::params::runtime::{
    Auth, AuthBegin, AuthChallenge, AuthFailed, AuthOk, AuthPayload, RefusalCode, auth_prologue,
    open_pin_block,
};

use super::{Service, read};
use crate::context::fresh;
use crate::dispatch::Stop;
use crate::entropy::Secret;
use crate::error::CardError;
use crate::noise::Handshake;
use crate::pin::{self, Kind};
use crate::program::Rejection;
use crate::records::{self, HeadRecord, PinRecord};
use crate::store::Writes;

/// Why an authentication fails, for `auth-failed`.
#[derive(Clone, Copy)]
pub(super) struct Failure(pub(super) RefusalCode, pub(super) &'static str);

const TRIED: Failure = Failure(
    RefusalCode::NoChallenge,
    "this id gave a wrong PIN or PUK; use another id",
);
pub(super) const NO_CHALLENGE: Failure =
    Failure(RefusalCode::NoChallenge, "no open challenge for this id");
const BLOCKED: Failure = Failure(RefusalCode::Blocked, "no tries are left");
const FULL: Failure = Failure(RefusalCode::Limit, "too many ids are authenticated");
pub(super) const HANDSHAKE: Failure =
    Failure(RefusalCode::Malformed, "not a handshake with this card");
pub(super) const NOT_PADDED: Failure =
    Failure(RefusalCode::Malformed, "the PIN is not in its block");
const WRONG_PIN: Failure = Failure(RefusalCode::WrongPin, "the PIN is wrong");
const WRONG_PUK: Failure = Failure(RefusalCode::WrongPuk, "the PUK is wrong");
const NO_PUK: Failure = Failure(RefusalCode::NoPuk, "this card was made without a PUK");

impl Service<'_> {
    pub(super) fn auth_begin(&mut self, src: EntityId, param: &[u8]) -> Result<(), Rejection> {
        read::<AuthBegin>(param)?;
        if let Err(failure) = self.may_begin(src)? {
            return self.fail(src, Kind::Pin, &failure);
        }
        let challenge = *self.fresh()?;
        self.core.ram.owner.challenge(src, challenge);
        self.send(src, AuthChallenge { challenge });
        Ok(())
    }

    pub(super) fn auth(&mut self, src: EntityId, param: &[u8]) -> Result<(), Stop> {
        let Auth { handshake } = read(param)?;
        match self.authenticate(src, &handshake)? {
            Ok(handshake) => self.send(src, AuthOk { handshake }),
            Err(failure) => self.fail(src, Kind::Pin, &failure)?,
        }
        Ok(())
    }

    /// `kind`: whose tries are told.
    pub(super) fn fail(
        &mut self,
        src: EntityId,
        kind: Kind,
        failure: &Failure,
    ) -> Result<(), Rejection> {
        let failed = AuthFailed {
            code: failure.0 as u16,
            retries_left: self.tries(kind)?,
            detail: failure.1.into(),
        };
        self.send(src, failed);
        Ok(())
    }

    fn may_begin(&self, src: EntityId) -> Result<Result<(), Failure>, Rejection> {
        let is_blocked = self.tries(Kind::Pin)? == 0 && self.tries(Kind::Puk)? == 0;
        let owner = &self.core.ram.owner;
        Ok(match is_blocked {
            true => Err(BLOCKED),
            _ if !owner.may_try(src) => Err(TRIED),
            _ if !owner.has_room(src) => Err(FULL),
            _ => Ok(()),
        })
    }

    /// Whether the id may try the PIN or the PUK.
    pub(super) fn may_try(
        &self,
        src: EntityId,
        kind: Kind,
    ) -> Result<Result<(), Failure>, Rejection> {
        Ok(match self.tries(kind)? {
            _ if !self.has(kind)? => Err(NO_PUK),
            0 => Err(BLOCKED),
            _ if !self.core.ram.owner.may_try(src) => Err(TRIED),
            _ => Ok(()),
        })
    }

    /// The second message of the handshake, when the first one proves the PIN.
    fn authenticate(
        &mut self,
        src: EntityId,
        message: &[u8],
    ) -> Result<Result<Vec<u8>, Failure>, Stop> {
        let challenge = self.core.ram.owner.take_challenge(src);
        if let Err(failure) = self.may_try(src, Kind::Pin)? {
            return Ok(Err(failure));
        }
        if !self.core.ram.owner.has_room(src) {
            return Ok(Err(FULL));
        }
        let Some(challenge) = challenge else {
            return Ok(Err(NO_CHALLENGE));
        };
        let read = self.read_handshake::<AuthPayload>(auth_prologue, message)?;
        let Some((handshake, payload)) = read else {
            return Ok(Err(HANDSHAKE));
        };
        if payload.id != src || payload.challenge != challenge {
            return Ok(Err(NO_CHALLENGE));
        }
        let Some(pin) = open_pin_block(&payload.pin) else {
            return Ok(Err(NOT_PADDED));
        };
        if let Err(failure) = self.try_secret(src, Kind::Pin, pin)? {
            return Ok(Err(failure));
        }
        let Some((answer, key)) = handshake.finish() else {
            return Ok(Err(HANDSHAKE));
        };
        self.core.ram.owner.admit(src, key);
        Ok(Ok(answer))
    }

    pub(super) fn read_handshake<P: Decode>(
        &mut self,
        prologue: fn(&Hash) -> Vec<u8>,
        message: &[u8],
    ) -> Result<Option<(Handshake, P)>, Rejection> {
        let seed = self.fresh()?;
        let me = &self.core.me;
        let prologue = prologue(&sha256(&me.identity.certificate));
        let read = Handshake::read(&me.secrets.agree, &prologue, seed, message);
        Ok(read.and_then(|handshake| {
            let payload: P = codec::from_slice(&handshake.payload).ok()?;
            Some((handshake, payload))
        }))
    }

    /// Compares the PIN or PUK, after a try less is durable. A right one has all its tries again.
    pub(super) fn try_secret(
        &mut self,
        src: EntityId,
        kind: Kind,
        secret: &[u8],
    ) -> Result<Result<(), Failure>, Stop> {
        let record = kind.verifier();
        let verifier: PinRecord = records::required(self.transaction.read(self.store, record)?)?;
        let left = self.tries(kind)?.saturating_sub(1);
        self.spend_try(kind, left)?;
        if pin::matches(kind, &self.core.me.at_rest, secret, &verifier)? {
            self.transaction.write(kind.tries(), &kind.tries_max());
            return Ok(Ok(()));
        }
        self.core.ram.owner.tried_in_vain(src);
        Ok(Err(match kind {
            Kind::Pin => WRONG_PIN,
            Kind::Puk => WRONG_PUK,
        }))
    }

    /// A transaction of its own. It forgets the last command, so that a host that loses power now
    /// does not take the present command for carried out.
    fn spend_try(&mut self, kind: Kind, left: u8) -> Result<(), CardError> {
        let head = HeadRecord {
            generation: self.core.ram.next_generation()?,
            command: None,
        };
        let tries = kind.tries().write(&left);
        self.transaction
            .overlay
            .settle(tries.0.clone(), tries.1.clone());
        self.store
            .commit(&Writes::from([tries, records::HEAD.write(&head)]))?;
        self.core.ram.head = head;
        Ok(())
    }

    /// Tries left; 0 of what the card does not have.
    pub(super) fn tries(&self, kind: Kind) -> Result<u8, Rejection> {
        let tries = self.transaction.read(self.store, kind.tries())?;
        Ok(tries.unwrap_or(0))
    }

    /// Whether the card has one.
    pub(super) fn has(&self, kind: Kind) -> Result<bool, Rejection> {
        let verifier: Option<PinRecord> = self.transaction.read(self.store, kind.verifier())?;
        Ok(verifier.is_some())
    }

    pub(super) fn fresh(&mut self) -> Result<Secret, Rejection> {
        let core = &mut *self.core;
        fresh(
            &core.me,
            self.store,
            self.transaction,
            &mut core.ram.entropy,
        )
    }
}
