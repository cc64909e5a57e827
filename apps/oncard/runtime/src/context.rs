//! What an on-card program may use while it handles one message.

use alloc::vec::Vec;
use core::any::Any;
use core::cell::RefCell;

use ed25519_dalek::{Signer, SigningKey};
use etp_pki::{Anchors, Leaf, Role};
use libetp::codec::Encode;
use libetp::digest::{Hash, signature_input};
use libetp::params::Param;
use libetp::params::runtime::RefusalCode;
use libetp::{Domain, EntityId};
use zeroize::Zeroizing;

use crate::entropy::{Entropy, Secret, derive};
use crate::limits::{KEY_BYTES_MAX, VALUE_BYTES_MAX};
use crate::memory::Memory;
use crate::noise::AgreementKey;
use crate::program::{Program, Rejection};
use crate::records;
use crate::seal::Secrets;
use crate::service_key::{Service, ServiceIdentity};
use crate::store::{Entry, Store};
use crate::transaction::Transaction;

/// Who the card is. All of it public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The card's domain.
    pub domain: Domain,
    /// The card's key id, `K`.
    pub key: Hash,
    /// 0 soft, 1 soft with external anti-rollback, 2 attested hardware.
    pub class: u8,
    /// The card's certificate, DER.
    pub certificate: Vec<u8>,
}

impl Identity {
    /// The card's id, `D|0`.
    pub fn card(&self) -> EntityId {
        self.domain.card()
    }
}

/// What personalisation made of the card, opened.
pub(crate) struct Personalised {
    pub(crate) identity: Identity,
    pub(crate) anchors: Anchors,
    pub(crate) third_parties: Vec<Hash>,
    pub(crate) secrets: Secrets,
    pub(crate) service: Option<Service>,
    pub(crate) at_rest: Secret,
    /// Whether the key at rest is held outside the store.
    pub(crate) protected: bool,
}

impl Personalised {
    pub(crate) fn sign(&self, tag: &str, body: &(impl Encode + ?Sized)) -> [u8; 64] {
        let key = SigningKey::from_bytes(&self.secrets.sign);
        key.sign(&signature_input(tag, body)).to_bytes()
    }
}

/// A counter of the card is at its end. No card comes so far, but a damaged store may say so.
pub(crate) fn worn_out() -> Rejection {
    Rejection::refused(RefusalCode::Storage, "a counter of the card is at its end")
}

/// A value that was never there before: PRF(card key; persistent counter, 32 random bytes).
///
/// The counter differs if the generator repeats itself, the generator if the card was restored
/// from a backup.
pub(crate) fn fresh(
    me: &Personalised,
    store: &dyn Store,
    transaction: &mut Transaction,
    entropy: &mut Entropy,
) -> Result<Secret, Rejection> {
    let made: u64 = transaction.read(store, records::FRESH)?.unwrap_or(0);
    let count = made.checked_add(1).ok_or_else(worn_out)?;
    transaction.write(records::FRESH, &count);
    Ok(derive(
        &me.secrets.fresh,
        "fresh/v1",
        &Draw {
            count,
            random: entropy.bytes(),
        },
    ))
}

libetp::structure! {
    struct Draw {
        count: u64,
        random: [u8; 32],
    }

    struct Pad {
        family: u8,
        of: Hash,
    }
}

/// What lasts as long as the card has power.
pub(crate) struct Powered<'a> {
    pub(crate) entropy: &'a mut Entropy,
    pub(crate) memory: &'a mut Memory,
}

/// What a program may use while it handles one message. All effects are undone on [`Rejection`],
/// but for those on [`memory`](Self::memory).
///
/// A misuse that a method cannot report by its own result (a tag that the program did not
/// register, a value that is too long) makes the whole message fail, whatever the program returns.
pub struct Context<'a> {
    pub(crate) me: &'a Personalised,
    pub(crate) store: &'a dyn Store,
    pub(crate) transaction: &'a mut Transaction,
    power: Powered<'a>,
    family: u8,
    tags: &'static [&'static str],
    service_tags: &'static [&'static str],
    misuse: RefCell<Option<Rejection>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        me: &'a Personalised,
        store: &'a dyn Store,
        transaction: &'a mut Transaction,
        power: Powered<'a>,
        program: &dyn Program,
    ) -> Self {
        Self {
            me,
            store,
            transaction,
            power,
            family: program.family(),
            tags: program.tags(),
            service_tags: program.service_tags(),
            misuse: RefCell::new(None),
        }
    }

    /// What was misused, if anything.
    pub(crate) fn finish(self) -> Result<(), Rejection> {
        self.misuse.into_inner().map_or(Ok(()), Err)
    }

    /// Who the card is.
    pub fn identity(&self) -> &Identity {
        &self.me.identity
    }

    /// The value of a key in the program's part of the store, its own writes included.
    ///
    /// # Errors
    /// [`RefusalCode::Storage`] if the store cannot be read.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Rejection> {
        let overlay = &self.transaction.overlay;
        Ok(overlay.get(self.store, &self.own(key))?)
    }

    /// Sets a value of at most [`VALUE_BYTES_MAX`] bytes under a key of at most [`KEY_BYTES_MAX`].
    pub fn put(&mut self, key: &[u8], value: Vec<u8>) {
        if key.len() > KEY_BYTES_MAX || value.len() > VALUE_BYTES_MAX {
            self.misused(RefusalCode::Storage, "a key or value is too long");
        } else {
            self.transaction.overlay.write(self.own(key), Some(value));
        }
    }

    /// Deletes a key; nothing if there is none.
    pub fn delete(&mut self, key: &[u8]) {
        self.transaction.overlay.write(self.own(key), None);
    }

    /// At most `limit` entries whose key starts with `prefix` and is greater than `after`, in
    /// order of keys; own writes included.
    ///
    /// # Errors
    /// [`RefusalCode::Storage`] if the store cannot be read.
    pub fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, Rejection> {
        let after = after.map(|after| self.own(after));
        let (overlay, prefix) = (&self.transaction.overlay, self.own(prefix));
        let mut found = overlay.scan(self.store, &prefix, after.as_deref(), limit)?;
        for (key, _) in &mut found {
            key.remove(0);
        }
        Ok(found)
    }

    /// Sends a message from the card once the transaction is durable.
    pub fn send<P: Param>(&mut self, dst: EntityId, param: P) {
        let src = self.me.identity.card();
        self.transaction.send(&param.into_message(src, dst));
    }

    /// As [`send`](Self::send), for a message that is of no use after a loss of power: it waits for the host
    /// in memory only, and is lost with it.
    pub fn send_volatile<P: Param>(&mut self, dst: EntityId, param: P) {
        let src = self.me.identity.card();
        self.transaction
            .send_volatile(&param.into_message(src, dst));
    }

    /// Whether so many volatile messages of so many bytes in all, headers included, can still be
    /// sent. For programs that change their memory before they send.
    ///
    /// # Errors
    /// [`RefusalCode::Storage`] if the host has too many to take first.
    pub fn check_volatile_room(&self, messages: usize, bytes: usize) -> Result<(), Rejection> {
        self.transaction.check_volatile_room(messages, bytes)
    }

    /// What the program keeps while the card has power: `T::default()` at each power-up, in no store ever. One type
    /// for each program; with another one it begins anew.
    ///
    /// What is changed here stays changed, whatever becomes of the message: a program changes it
    /// when nothing can go wrong any more.
    pub fn memory<T: Any + Default + Send>(&mut self) -> &mut T {
        self.power.memory.of(self.family)
    }

    /// The card's static X25519 key, for links with other cards.
    pub fn agreement_key(&self) -> AgreementKey {
        AgreementKey::from(self.me.secrets.agree.clone())
    }

    /// 32 random bytes. They may come again if the card is restored from a backup: [`fresh`](Self::fresh) never do.
    pub fn random(&mut self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.power.entropy.bytes())
    }

    /// 32 bytes that never were and never will be again, even if the random source repeats itself
    /// or the card is restored from a backup; unknown to everybody else.
    pub fn fresh(&mut self) -> [u8; 32] {
        match fresh(self.me, self.store, self.transaction, self.power.entropy) {
            Ok(value) => *value,
            Err(rejection) => {
                self.misuse.replace(Some(rejection));
                self.power.entropy.bytes()
            }
        }
    }

    /// 32 bytes that only this card can make, the same each time: hides one value of the program's that
    /// its store holds, and that who reads the store must not learn. `of` names that value.
    pub fn pad(&self, of: &Hash) -> Zeroizing<[u8; 32]> {
        let family = self.family;
        let pad = Pad { family, of: *of };
        derive(&self.me.secrets.fresh, "pad/v1", &pad)
    }

    /// The card's signature with `tag` over `body`
    /// ([`signature_input`](libetp::digest::signature_input)). `tag` must be one of
    /// [`Program::tags`]; with another there is no signature, and the message fails.
    pub fn sign<B: Encode>(&self, tag: &'static str, body: &B) -> [u8; 64] {
        if self.tags.contains(&tag) {
            return self.me.sign(tag, body);
        }
        self.misused(RefusalCode::State, "the program has not registered the tag");
        [0; 64]
    }

    /// The service that the card gives, if it gives one.
    pub fn service(&self) -> Option<&ServiceIdentity> {
        self.me.service.as_ref().map(|service| &service.identity)
    }

    /// The service's signature with `tag`, one of [`Program::service_tags`], over `body`. `None` if
    /// the card gives no service; with another tag the message fails.
    pub fn sign_for_service<B: Encode>(&self, tag: &'static str, body: &B) -> Option<[u8; 64]> {
        if !self.service_tags.contains(&tag) {
            self.misused(RefusalCode::State, "the program has not registered the tag");
            return None;
        }
        self.me
            .service
            .as_ref()
            .map(|service| service.sign(tag, body))
    }

    /// Verifies a certificate for a role, and that its epoch is not below the highest that the
    /// card ever verified. For whoever enters: an exchange, an issue, a redemption.
    ///
    /// # Errors
    /// [`RefusalCode::Certificate`], in words; [`RefusalCode::Storage`].
    pub fn verify(&mut self, role: Role, der: &[u8]) -> Result<Leaf, Rejection> {
        let leaf = self.verify_admitted(role, der)?;
        let floor: Option<u64> = self.transaction.read(self.store, records::EPOCH)?;
        let floor = floor.unwrap_or(0);
        if leaf.epoch < floor {
            let epoch = leaf.epoch;
            let over = alloc::format!("epoch {epoch} is over, the scheme is at {floor}");
            return Err(Rejection::refused(RefusalCode::Certificate, over));
        }
        if leaf.epoch > floor {
            self.transaction.write(records::EPOCH, &leaf.epoch);
        }
        Ok(leaf)
    }

    /// Verifies a certificate without regard to its epoch: revocation stops entry, never the end of
    /// what was entered. Only for what ends an exchange: the third party's certificate, those that the
    /// third party is shown, and one that the card took with [`verify`](Self::verify) before, byte for
    /// byte.
    ///
    /// # Errors
    /// [`RefusalCode::Certificate`], in words.
    pub fn verify_admitted(&self, role: Role, der: &[u8]) -> Result<Leaf, Rejection> {
        etp_pki::verify(der, role, &self.me.anchors).map_err(|error| {
            Rejection::refused(RefusalCode::Certificate, alloc::format!("{error}"))
        })
    }

    /// Whether the card trusts a third party with this key id.
    pub fn trusts_third_party(&self, key: &Hash) -> bool {
        self.me.third_parties.contains(key)
    }

    fn own(&self, key: &[u8]) -> Vec<u8> {
        let mut own = Vec::with_capacity(key.len() + 1);
        own.push(self.family);
        own.extend_from_slice(key);
        own
    }

    fn misused(&self, code: RefusalCode, detail: &str) {
        self.misuse.replace(Some(Rejection::refused(code, detail)));
    }
}
