//! A new PIN: for whoever proves the old one or the PUK under Noise NK.

use alloc::vec::Vec;

use libetp::EntityId;
use libetp::params::runtime::{
    PinSet, RefusalCode, SetPin, SetPinPayload, open_pin_block, set_pin_prologue,
};

use super::auth::{Failure, HANDSHAKE, NO_CHALLENGE, NOT_PADDED};
use super::{Service, read};
use crate::dispatch::Stop;
use crate::pin::{self, Kind, PinCost};
use crate::records::{self, PinRecord};

const NEW_PIN: Failure = Failure(RefusalCode::Malformed, "the new PIN has not 4 to 64 bytes");

impl Service<'_> {
    pub(super) fn set_pin(&mut self, src: EntityId, param: &[u8]) -> Result<(), Stop> {
        let SetPin { handshake } = read(param)?;
        match self.replace_pin(src, &handshake)? {
            Ok(handshake) => self.send(src, PinSet { handshake }),
            Err((kind, failure)) => self.fail(src, kind, &failure)?,
        }
        Ok(())
    }

    /// The second message of the handshake, when the first one proves the PIN or the PUK.
    fn replace_pin(
        &mut self,
        src: EntityId,
        message: &[u8],
    ) -> Result<Result<Vec<u8>, (Kind, Failure)>, Stop> {
        let Some(challenge) = self.core.ram.owner.take_challenge(src) else {
            return Ok(Err((Kind::Pin, NO_CHALLENGE)));
        };
        let read = self.read_handshake::<SetPinPayload>(set_pin_prologue, message)?;
        let Some((handshake, payload)) = read else {
            return Ok(Err((Kind::Pin, HANDSHAKE)));
        };
        let kind = match payload.is_puk {
            true => Kind::Puk,
            false => Kind::Pin,
        };
        if payload.id != src || payload.challenge != challenge {
            return Ok(Err((kind, NO_CHALLENGE)));
        }
        let blocks = (
            open_pin_block(&payload.secret),
            open_pin_block(&payload.new_pin),
        );
        let (Some(secret), Some(new_pin)) = blocks else {
            return Ok(Err((kind, NOT_PADDED)));
        };
        if pin::check_pin(new_pin).is_err() {
            return Ok(Err((kind, NEW_PIN)));
        }
        let proved = match self.may_try(src, kind)? {
            Ok(()) => self.try_secret(src, kind, secret)?,
            refused => refused,
        };
        if let Err(failure) = proved {
            return Ok(Err((kind, failure)));
        }
        let Some((answer, _)) = handshake.finish() else {
            return Ok(Err((kind, HANDSHAKE)));
        };
        self.enrol_pin(new_pin)?;
        Ok(Ok(answer))
    }

    /// Who proved the old PIN has to prove the new one.
    fn enrol_pin(&mut self, new_pin: &[u8]) -> Result<(), Stop> {
        let old: PinRecord = records::required(self.transaction.read(self.store, records::PIN)?)?;
        let cost = PinCost {
            memory_kib: old.memory_kib,
            passes: old.passes,
        };
        let salt = *self.fresh()?;
        let record = pin::enrol(Kind::Pin, &self.core.me.at_rest, new_pin, cost, salt)?;
        self.transaction.write(records::PIN, &record);
        self.transaction
            .write(records::TRIES, &Kind::Pin.tries_max());
        self.core.ram.owner.forget_all();
        Ok(())
    }
}
