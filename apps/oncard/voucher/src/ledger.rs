//! Typed access to the card's records, within the transaction of one message.

use alloc::vec::Vec;

use etp_pki::{Leaf, Role};
use libetp::EntityId;
use libetp::digest::Hash;
use libetp::params::Param;
use libetp::params::runtime::RefusalCode;
use libetp::params::voucher::{Vid, Xid};
use oncard_runtime::Context;
use oncard_runtime::Rejection;

use crate::checks::{Me, check_certificate_len};
use crate::fault::Fault;
use crate::limits::{EXCHANGES_MAX, VOUCHERS_MAX};
use crate::records::{Count, Exchange, Finished, Given, Held, OpenOffer, Record, Secret, Wanted};

/// Where [`Count`] lies.
const COUNT_ID: Hash = [0; 32];

/// The records, and what a program may do while it handles one message.
pub(crate) struct Ledger<'l, 'c> {
    pub(crate) context: &'l mut Context<'c>,
}

impl<'l, 'c> Ledger<'l, 'c> {
    pub(crate) fn new(context: &'l mut Context<'c>) -> Self {
        Self { context }
    }

    pub(crate) fn me(&self) -> Me {
        let identity = self.context.identity();
        Me {
            id: identity.domain.card(),
            key: identity.key,
            class: identity.class,
        }
    }

    /// This card's certificate, DER.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.context.identity().certificate.clone()
    }

    /// Verifies a certificate of bounded length for a role.
    pub(crate) fn verify(&mut self, role: Role, der: &[u8]) -> Result<Leaf, Fault> {
        check_certificate_len(der)?;
        Ok(self.context.verify(role, der)?)
    }

    /// Verifies a certificate of bounded length for a role, whatever its epoch: for what ends an
    /// exchange.
    pub(crate) fn verify_admitted(&self, role: Role, der: &[u8]) -> Result<Leaf, Fault> {
        check_certificate_len(der)?;
        Ok(self.context.verify_admitted(role, der)?)
    }

    /// n2 as a record holds it, or back: who reads the store must not be able to commit in this card's
    /// place.
    pub(crate) fn veil(&self, xid: &Xid, n2: &Secret) -> Secret {
        let mut veiled = n2.clone();
        let pad = self.context.pad(xid);
        veiled
            .0
            .iter_mut()
            .zip(pad.iter())
            .for_each(|(byte, pad)| *byte ^= pad);
        veiled
    }

    /// Refuses a third party that the owner does not trust.
    pub(crate) fn check_third_party(&self, key: &Hash) -> Result<(), Fault> {
        match self.context.trusts_third_party(key) {
            true => Ok(()),
            false => Err(Fault::ThirdParty),
        }
    }

    pub(crate) fn send(&mut self, dst: EntityId, param: impl Param) {
        self.context.send(dst, param);
    }

    pub(crate) fn get<R: Record>(&self, id: &Hash) -> Result<Option<R>, Fault> {
        let value = self.context.get(&R::key(id))?;
        value.map(|value| read(&value)).transpose()
    }

    /// The first voucher behind a vid.
    pub(crate) fn next_held(&self, after: Option<Vid>) -> Result<Option<(Vid, Held)>, Fault> {
        let after = after.map(|vid| Held::key(&vid));
        let found = self.context.scan(&[Held::KIND], after.as_deref(), 1)?;
        let entry = found.into_iter().next();
        entry
            .map(|(key, value)| Ok((id_of(&key)?, read(&value)?)))
            .transpose()
    }

    /// Every record of a kind, in order of ids.
    pub(crate) fn all<R: Record>(&self) -> Result<Vec<(Hash, R)>, Fault> {
        let entries = self.context.scan(&[R::KIND], None, R::MAX)?;
        let read_entry = |(key, value): (Vec<u8>, Vec<u8>)| Ok((id_of(&key)?, read(&value)?));
        entries.into_iter().map(read_entry).collect()
    }

    pub(crate) fn put<R: Record>(&mut self, id: &Hash, record: &R) {
        self.context.put(&R::key(id), record.to_value());
    }

    pub(crate) fn delete<R: Record>(&mut self, id: &Hash) {
        self.context.delete(&R::key(id));
    }

    /// Stores a voucher. Reserved vids make sure that it is not held already; if it were,
    /// nothing of the message happens.
    pub(crate) fn hold(&mut self, vid: &Vid, held: &Held) -> Result<(), Fault> {
        if self.get::<Held>(vid)?.is_some() {
            return Err(Fault::Reserved);
        }
        self.put(vid, held);
        Ok(())
    }

    /// Whether a vid is reserved: held, given or expected by a running exchange, or wanted by an
    /// open offer.
    pub(crate) fn is_reserved(&self, vid: &Vid) -> Result<bool, Fault> {
        Ok(self.context.get(&Held::key(vid))?.is_some()
            || self
                .all::<OpenOffer>()?
                .iter()
                .any(|(_, offer)| offer.vid2 == *vid)
            || self
                .all::<Exchange>()?
                .iter()
                .any(|(_, running)| [running.vid1, running.vid2].contains(vid)))
    }

    /// Refuses an incoming vid that is reserved.
    pub(crate) fn check_not_reserved(&self, vid: &Vid) -> Result<(), Fault> {
        match self.is_reserved(vid)? {
            true => Err(Fault::Reserved),
            false => Ok(()),
        }
    }

    /// Refuses an order for which there may be no room for the result.
    pub(crate) fn check_room_for_exchange(&self) -> Result<(), Fault> {
        let used = self.all::<OpenOffer>()?.len()
            + self.all::<Exchange>()?.len()
            + self.all::<Finished>()?.len();
        match used < EXCHANGES_MAX {
            true => Ok(()),
            false => Err(Fault::Limit("exchanges and results", EXCHANGES_MAX as u64)),
        }
    }

    /// Removes a running exchange with both its vouchers.
    pub(crate) fn remove_exchange(&mut self, xid: &Hash) {
        self.delete::<Exchange>(xid);
        self.delete::<Given>(xid);
        self.delete::<Wanted>(xid);
    }

    /// Counts a voucher that came by issue.
    pub(crate) fn count_issued(&mut self) -> Result<(), Fault> {
        let vouchers = self.count()?;
        if vouchers >= VOUCHERS_MAX {
            return Err(Fault::Full(VOUCHERS_MAX));
        }
        self.put(
            &COUNT_ID,
            &Count {
                vouchers: vouchers + 1,
            },
        );
        Ok(())
    }

    /// Counts a voucher that was redeemed.
    pub(crate) fn count_redeemed(&mut self) -> Result<(), Fault> {
        let vouchers = self.count()?.saturating_sub(1);
        self.put(&COUNT_ID, &Count { vouchers });
        Ok(())
    }

    fn count(&self) -> Result<u64, Fault> {
        Ok(self
            .get::<Count>(&COUNT_ID)?
            .map_or(0, |count| count.vouchers))
    }
}

/// The id in a key.
pub(crate) fn id_of(key: &[u8]) -> Result<Hash, Fault> {
    let id = key.get(1..).and_then(|id| id.try_into().ok());
    id.ok_or_else(|| damaged("key of another length"))
}

fn read<R: Record>(value: &[u8]) -> Result<R, Fault> {
    R::from_value(value).map_err(|_| damaged("record that this version cannot read"))
}

fn damaged(what: &'static str) -> Fault {
    Fault::Runtime(Rejection::refused(RefusalCode::Storage, what))
}
