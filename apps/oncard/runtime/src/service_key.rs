//! The key of a service that a card gives, a third party's: separate from the card's own, since no
//! key has two roles.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use ed25519_dalek::{Signer, SigningKey};
use etp_pki::{Anchors, Role};
use libetp::codec::Encode;
use libetp::digest::{Hash, signature_input};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::entropy::Secret;
use crate::error::CardError;
use crate::records::{self, ServiceRecord};
use crate::seal::Sealed;
use crate::store::Store;

/// A service's key, given to a card with its certificate of role service. Erased when it is
/// dropped, and never printed.
#[derive(Clone)]
pub struct ServiceKey {
    /// Seed of the Ed25519 key.
    pub seed: [u8; 32],
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
}

impl Drop for ServiceKey {
    fn drop(&mut self) {
        self.seed.zeroize();
    }
}

impl ZeroizeOnDrop for ServiceKey {}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceKey").finish_non_exhaustive()
    }
}

/// The service that a card gives. All of it public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceIdentity {
    /// Key id by which others name the service.
    pub key: Hash,
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
}

/// A service, opened.
pub(crate) struct Service {
    pub(crate) identity: ServiceIdentity,
    seed: Secret,
}

impl Service {
    pub(crate) fn sign(&self, tag: &str, body: &(impl Encode + ?Sized)) -> [u8; 64] {
        let key = SigningKey::from_bytes(&self.seed);
        key.sign(&signature_input(tag, body)).to_bytes()
    }
}

/// The write that gives a new card a service.
///
/// # Errors
/// [`CardError::Certificate`] unless the certificate verifies for role service, is of this key, and
/// the key is not the card's.
pub(crate) fn write(
    given: &ServiceKey,
    card: &Hash,
    anchors: &Anchors,
    at_rest: &[u8; 32],
    identity: &[u8],
) -> Result<(Vec<u8>, Option<Vec<u8>>), CardError> {
    let leaf = etp_pki::verify(&given.certificate, Role::Service, anchors)
        .map_err(|error| CardError::Certificate(error.to_string()))?;
    if leaf.public != public(&given.seed) || leaf.key == *card {
        return Err(CardError::Certificate(
            "not of the service's key".to_string(),
        ));
    }
    Ok(records::SERVICE.write(&ServiceRecord {
        certificate: given.certificate.clone(),
        sealed: Sealed::Service.seal(at_rest, identity, &given.seed),
    }))
}

/// Whether the card of a store gives a service: what its programs depend on.
///
/// # Errors
/// [`CardError::Store`] if the store cannot be read.
pub fn gives_service(store: &dyn Store) -> Result<bool, CardError> {
    Ok(store.get(&records::SERVICE.key())?.is_some())
}

/// Opens a card's service, if it has one.
///
/// # Errors
/// [`CardError::Damaged`]; [`CardError::DeviceKey`] if the record was altered.
pub(crate) fn open(
    store: &dyn Store,
    at_rest: &[u8; 32],
    identity: &[u8],
) -> Result<Option<Service>, CardError> {
    let Some(record) = records::SERVICE.load::<ServiceRecord>(store)? else {
        return Ok(None);
    };
    let opened = Sealed::Service.open(at_rest, identity, &record.sealed)?;
    let seed = opened[..].try_into().map(Zeroizing::new);
    let seed: Secret = seed.map_err(|_| CardError::Damaged("service"))?;
    let identity = ServiceIdentity {
        key: etp_pki::key_id(&public(&seed)),
        certificate: record.certificate,
    };
    Ok(Some(Service { identity, seed }))
}

fn public(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}
