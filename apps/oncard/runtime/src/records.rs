//! The runtime's own part of the store.

use alloc::vec::Vec;

use etp_pki::Anchors;
use libetp::codec::{self, Decode, Encode, List};
use libetp::digest::Hash;
use libetp::exchange::SessionId;
use libetp::{Domain, Message};

use crate::error::CardError;
use crate::store::{Store, StoreError};

/// The runtime's part of the store; programs have that of their family.
pub(crate) const FAMILY: u8 = 0x01;

/// A single record of the runtime.
#[derive(Clone, Copy)]
pub(crate) struct Record {
    key: u8,
    name: &'static str,
}

/// What the card is: written once.
pub(crate) const IDENTITY: Record = Record::new(1, "identity");
/// Sealed private keys.
pub(crate) const SECRETS: Record = Record::new(2, "secrets");
/// Verifier of the PIN.
pub(crate) const PIN: Record = Record::new(3, "pin");
/// Tries of the PIN left: `u8`.
pub(crate) const TRIES: Record = Record::new(4, "tries");
/// Generation, and the last command carried out.
pub(crate) const HEAD: Record = Record::new(5, "head");
/// Lowest port not yet reserved: `u32`.
pub(crate) const PORTS: Record = Record::new(6, "ports");
/// Number of the last statement: `u64`.
pub(crate) const STATEMENTS: Record = Record::new(7, "statements");
/// How many fresh values were made: `u64`.
pub(crate) const FRESH: Record = Record::new(8, "fresh");
/// The enrolled host's key id.
pub(crate) const HOST: Record = Record::new(9, "host");
/// Highest epoch verified: `u64`.
pub(crate) const EPOCH: Record = Record::new(10, "epoch");
/// The service that the card gives, a third party's, if it gives one.
pub(crate) const SERVICE: Record = Record::new(11, "service");
/// Verifier of the PUK; absent if the card was made without one.
pub(crate) const PUK: Record = Record::new(12, "puk");
/// Tries of the PUK left: `u8`.
pub(crate) const PUK_TRIES: Record = Record::new(13, "puk-tries");
/// Prefix of the messages that wait for the host, by number.
pub(crate) const OUTBOX: [u8; 2] = [FAMILY, 0x20];

libetp::structure! {
    /// What never changes.
    pub(crate) struct IdentityRecord {
        pub(crate) domain: Domain,
        pub(crate) key: Hash,
        pub(crate) class: u8,
        pub(crate) certificate: Vec<u8>,
        pub(crate) anchors: Anchors,
        pub(crate) third_parties: List<Hash>,
        /// Salts what is derived from the key at rest.
        pub(crate) salt: [u8; 32],
        /// The key at rest, when nobody holds it outside the card.
        pub(crate) stored_key: Option<[u8; 32]>,
    }

    /// The key that a service signs with.
    pub(crate) struct ServiceRecord {
        pub(crate) certificate: Vec<u8>,
        /// The seed of the Ed25519 key, sealed.
        pub(crate) sealed: Vec<u8>,
    }

    /// The last transaction.
    pub(crate) struct HeadRecord {
        /// Transactions so far.
        pub(crate) generation: u64,
        /// Which command it carried out; `None` if none, or not wholly.
        pub(crate) command: Option<CommandRecord>,
    }

    /// The last command carried out.
    pub(crate) struct CommandRecord {
        pub(crate) session: SessionId,
        pub(crate) sequence: u8,
        pub(crate) hash: Hash,
    }

    /// How a PIN or a PUK is verified.
    pub(crate) struct PinRecord {
        pub(crate) memory_kib: u32,
        pub(crate) passes: u32,
        pub(crate) salt: [u8; 32],
        pub(crate) verifier: [u8; 32],
    }
}

impl Record {
    const fn new(key: u8, name: &'static str) -> Self {
        Self { key, name }
    }

    pub(crate) fn key(self) -> Vec<u8> {
        [FAMILY, self.key].into()
    }

    /// Reads it from the store.
    pub(crate) fn load<T: Decode>(self, store: &dyn Store) -> Result<Option<T>, CardError> {
        let value = store.get(&self.key())?;
        value.map(|bytes| self.decode(&bytes)).transpose()
    }

    pub(crate) fn decode<T: Decode>(self, bytes: &[u8]) -> Result<T, CardError> {
        codec::from_slice(bytes).map_err(|_| CardError::Damaged(self.name))
    }

    /// The write that sets it.
    pub(crate) fn write(self, value: &(impl Encode + ?Sized)) -> (Vec<u8>, Option<Vec<u8>>) {
        (self.key(), Some(codec::to_vec(value)))
    }
}

/// The key of a waiting message.
pub(crate) fn outbox_key(number: u64) -> Vec<u8> {
    let mut key = OUTBOX.to_vec();
    key.extend_from_slice(&number.to_be_bytes());
    key
}

/// Numbers and sizes of the waiting messages, in order.
pub(crate) fn load_outbox(store: &dyn Store) -> Result<Vec<(u64, usize)>, CardError> {
    let mut found: Vec<(u64, usize)> = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(&OUTBOX, after.as_deref(), 64)?;
        let Some((last, _)) = page.last() else {
            return Ok(found);
        };
        after = Some(last.clone());
        for (key, message) in page {
            let number = key[OUTBOX.len()..].try_into();
            let number = number.map_err(|_| CardError::Damaged("outbox"))?;
            Message::from_bytes(&message).map_err(|_| CardError::Damaged("outbox"))?;
            found.push((u64::from_be_bytes(number), message.len()));
        }
    }
}

/// A value that a card must have.
pub(crate) fn required<T>(value: Option<T>) -> Result<T, CardError> {
    value.ok_or(CardError::NotPersonalised)
}

impl From<StoreError> for crate::program::Rejection {
    fn from(error: StoreError) -> Self {
        Self::refused(
            libetp::params::runtime::RefusalCode::Storage,
            alloc::format!("{error}"),
        )
    }
}
