//! A scheme in memory: decides and signs, with time and seeds passed in.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::key::key_id;
use crate::role::Role;
use crate::scheme::build::{self, Order};
use crate::scheme::error::hex;
use crate::scheme::{
    CLOCK_SKEW_S, DAY_S, INTERMEDIATE_VALID_DAYS, ROOT_VALID_DAYS, Request, SCHEME_NAME_BYTES_MAX,
    SchemeError, SchemeFile,
};

/// Epoch of a new scheme.
const EPOCH_FIRST: u64 = 1;

/// The random bytes of a new scheme: one seed of an Ed25519 key each.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Seeds {
    /// The root's.
    pub root: [u8; 32],
    /// The intermediates', in the order of [`Role::ALL`].
    pub intermediates: [[u8; 32]; Role::ALL.len()],
}

/// A scheme and the keys that sign its leaves. The root's key is not among them.
pub struct Authority {
    file: SchemeFile,
    keys: BTreeMap<Role, SigningKey>,
}

impl Authority {
    /// Makes root and intermediates. `now` is Unix time in seconds.
    ///
    /// # Errors
    /// [`SchemeError::Name`] for a bad name; [`SchemeError::Encoding`] for an impossible time.
    pub fn generate(name: &str, seeds: &Seeds, now: u64) -> Result<Self, SchemeError> {
        check_name(name)?;
        let root_key = SigningKey::from_bytes(&seeds.root);
        let keys: BTreeMap<_, _> = Role::ALL
            .into_iter()
            .map(|role| {
                (
                    role,
                    SigningKey::from_bytes(&seeds.intermediates[role as usize]),
                )
            })
            .collect();
        let root = root(name, &root_key, now)?;
        let intermediates = keys
            .iter()
            .map(|(role, key)| intermediate(name, *role, key, &root_key, now))
            .collect::<Result<Vec<_>, _>>()?;
        let file = SchemeFile::new(name.into(), EPOCH_FIRST, root, intermediates)?;
        Ok(Self { file, keys })
    }

    /// A scheme with those of its signing keys that are at hand.
    ///
    /// # Errors
    /// [`SchemeError::SigningKeyMismatch`] if a key is not the pinned one.
    pub fn new(file: SchemeFile, keys: BTreeMap<Role, SigningKey>) -> Result<Self, SchemeError> {
        for (role, key) in &keys {
            if file.public(*role) != &key.verifying_key().to_bytes() {
                return Err(SchemeError::SigningKeyMismatch(*role));
            }
        }
        Ok(Self { file, keys })
    }

    /// The public part.
    pub fn file(&self) -> &SchemeFile {
        &self.file
    }

    /// Issues a leaf at `now`, Unix time in seconds. The result is verified before it is given
    /// out, so that what no verifier accepts is never issued.
    ///
    /// # Errors
    /// [`SchemeError::Certificate`] if the request breaks a rule of the role;
    /// [`SchemeError::OutlivesIntermediate`]; [`SchemeError::SigningKeyMissing`].
    pub fn issue(&self, role: Role, request: &Request, now: u64) -> Result<Vec<u8>, SchemeError> {
        let key = self
            .keys
            .get(&role)
            .ok_or(SchemeError::SigningKeyMissing(role))?;
        let days = request.valid_days;
        let not_after = now.saturating_add(u64::from(days) * DAY_S);
        if not_after > self.file.intermediate_not_after(role) {
            return Err(SchemeError::OutlivesIntermediate { role, days });
        }
        let order = Order {
            issuer: intermediate_name(&self.file.name, role)?,
            subject: build::name(&self.file.name, &hex(&key_id(&request.public)[..16]))?,
            public: request.public,
            not_before: now.saturating_sub(CLOCK_SKEW_S),
            not_after,
            extensions: build::leaf_extensions(role, request)?,
        };
        let der = order.sign(key)?;
        crate::verify(&der, role, &self.file.anchors())?;
        Ok(der)
    }
}

fn root(scheme: &str, key: &SigningKey, now: u64) -> Result<Vec<u8>, SchemeError> {
    let name = root_name(scheme)?;
    authority_order(name.clone(), name, key, None, now)?.sign(key)
}

fn intermediate(
    scheme: &str,
    role: Role,
    key: &SigningKey,
    root_key: &SigningKey,
    now: u64,
) -> Result<Vec<u8>, SchemeError> {
    let subject = intermediate_name(scheme, role)?;
    authority_order(root_name(scheme)?, subject, key, Some(role), now)?.sign(root_key)
}

fn authority_order(
    issuer: x509_cert::name::Name,
    subject: x509_cert::name::Name,
    key: &SigningKey,
    role: Option<Role>,
    now: u64,
) -> Result<Order, SchemeError> {
    let days = role.map_or(ROOT_VALID_DAYS, |_| INTERMEDIATE_VALID_DAYS);
    let public = key.verifying_key().to_bytes();
    Ok(Order {
        issuer,
        subject,
        public,
        not_before: now.saturating_sub(CLOCK_SKEW_S),
        not_after: now.saturating_add(u64::from(days) * DAY_S),
        extensions: build::authority_extensions(role, &public)?,
    })
}

fn root_name(scheme: &str) -> Result<x509_cert::name::Name, SchemeError> {
    build::name(scheme, "root")
}

fn intermediate_name(scheme: &str, role: Role) -> Result<x509_cert::name::Name, SchemeError> {
    build::name(scheme, role.name())
}

/// Whether a text can be the name of a scheme.
pub(super) fn check_name(name: &str) -> Result<(), SchemeError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match (1..=SCHEME_NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(plain) {
        true => Ok(()),
        false => Err(SchemeError::Name),
    }
}
