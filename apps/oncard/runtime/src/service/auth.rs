//! Authentication: a challenge, the PIN under Noise NK, a channel key.

use alloc::vec::Vec;

use libetp::EntityId;
use libetp::codec;
use libetp::limits::PIN_BYTES_MAX;
use libetp::params::runtime::{
    Auth, AuthBegin, AuthChallenge, AuthFailed, AuthOk, AuthPayload, RefusalCode,
};

use super::{Service, read};
use crate::context::fresh;
use crate::dispatch::Stop;
use crate::entropy::Secret;
use crate::error::CardError;
use crate::limits::PIN_TRIES;
use crate::noise::Handshake;
use crate::pin;
use crate::program::Rejection;
use crate::records::{self, HeadRecord, PinRecord};
use crate::store::Writes;

/// Why an authentication fails, for `auth-failed`.
struct Failure(RefusalCode, &'static str);

const TRIED: Failure = Failure(
    RefusalCode::NoChallenge,
    "this id gave a wrong PIN; use another id",
);
const NO_CHALLENGE: Failure = Failure(RefusalCode::NoChallenge, "no open challenge for this id");
const BLOCKED: Failure = Failure(RefusalCode::Blocked, "no tries are left");
const FULL: Failure = Failure(RefusalCode::Limit, "too many ids are authenticated");
const HANDSHAKE: Failure = Failure(RefusalCode::Malformed, "not a handshake with this card");
const TOO_LONG: Failure = Failure(RefusalCode::Malformed, "the PIN is too long");
const WRONG: Failure = Failure(RefusalCode::WrongPin, "the PIN is wrong");

impl Service<'_> {
    pub(super) fn auth_begin(&mut self, src: EntityId, param: &[u8]) -> Result<(), Rejection> {
        read::<AuthBegin>(param)?;
        if let Err(failure) = self.may_try(src)? {
            return self.fail(src, &failure);
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
            Err(failure) => self.fail(src, &failure)?,
        }
        Ok(())
    }

    fn fail(&mut self, src: EntityId, failure: &Failure) -> Result<(), Rejection> {
        let failed = AuthFailed {
            code: failure.0 as u16,
            retries_left: self.tries()?,
            detail: failure.1.into(),
        };
        self.send(src, failed);
        Ok(())
    }

    fn may_try(&self, src: EntityId) -> Result<Result<(), Failure>, Rejection> {
        let owner = &self.core.ram.owner;
        Ok(match self.tries()? {
            0 => Err(BLOCKED),
            _ if !owner.may_try(src) => Err(TRIED),
            _ if !owner.has_room(src) => Err(FULL),
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
        if let Err(failure) = self.may_try(src)? {
            return Ok(Err(failure));
        }
        let Some(challenge) = challenge else {
            return Ok(Err(NO_CHALLENGE));
        };
        let Some((handshake, payload)) = self.read_handshake(message)? else {
            return Ok(Err(HANDSHAKE));
        };
        if payload.id != src || payload.challenge != challenge {
            return Ok(Err(NO_CHALLENGE));
        }
        if payload.pin.len() > PIN_BYTES_MAX {
            return Ok(Err(TOO_LONG));
        }
        if !self.try_pin(&payload.pin)? {
            self.core.ram.owner.tried_in_vain(src);
            return Ok(Err(WRONG));
        }
        let Some((answer, key)) = handshake.finish() else {
            return Ok(Err(HANDSHAKE));
        };
        self.transaction.write(records::TRIES, &PIN_TRIES);
        self.core.ram.owner.admit(src, key);
        Ok(Ok(answer))
    }

    fn read_handshake(
        &mut self,
        message: &[u8],
    ) -> Result<Option<(Handshake, AuthPayload)>, Rejection> {
        let seed = self.fresh()?;
        let me = &self.core.me;
        let certificate = &me.identity.certificate;
        let read = Handshake::read(&me.secrets.agree, certificate, seed, message);
        Ok(read.and_then(|handshake| {
            let payload: AuthPayload = codec::from_slice(&handshake.payload).ok()?;
            Some((handshake, payload))
        }))
    }

    /// Compares the PIN, after a try less is durable.
    fn try_pin(&mut self, pin: &[u8]) -> Result<bool, Stop> {
        let record: PinRecord = records::required(records::PIN.load(self.store)?)?;
        let left = self.tries()?.saturating_sub(1);
        self.spend_try(left)?;
        Ok(pin::matches(&self.core.me.at_rest, pin, &record)?)
    }

    /// A transaction of its own. It forgets the last command, so that a host that loses power now
    /// does not take the present command for carried out.
    fn spend_try(&mut self, left: u8) -> Result<(), CardError> {
        let head = HeadRecord {
            generation: self.core.ram.next_generation()?,
            command: None,
        };
        let tries = records::TRIES.write(&left);
        self.transaction
            .overlay
            .settle(tries.0.clone(), tries.1.clone());
        self.store
            .commit(&Writes::from([tries, records::HEAD.write(&head)]))?;
        self.core.ram.head = head;
        Ok(())
    }

    fn fresh(&mut self) -> Result<Secret, Rejection> {
        let core = &mut *self.core;
        fresh(
            &core.me,
            self.store,
            self.transaction,
            &mut core.ram.entropy,
        )
    }
}
