//! A private key and its certificate, in two files.

use std::path::Path;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes, SecretDocument};
use zeroize::Zeroizing;

use crate::scheme::file::{read_pem_file, to_pem};
use crate::scheme::{SchemeError, inspect, secure};

/// A key with its chain: what a host, an issuer or another holder without a card presents.
pub struct Identity {
    /// The leaf's DER, then its intermediate's.
    pub chain: Vec<Vec<u8>>,
    key: SigningKey,
}

impl Identity {
    /// A key and its chain in DER, leaf first.
    pub fn new(chain: Vec<Vec<u8>>, key: SigningKey) -> Self {
        Self { chain, key }
    }

    /// Reads a chain and a private key, both PEM.
    ///
    /// # Errors
    /// [`SchemeError`] if one cannot be read, others may read the key, the leaf breaks a rule, or
    /// the two do not belong together.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, SchemeError> {
        let chain = read_pem_file(certificate)?;
        let signing = read_key(key)?;
        let leaf = chain.first().map(|der| inspect(der)).transpose()?;
        match leaf.is_some_and(|leaf| leaf.public == signing.verifying_key().to_bytes()) {
            true => Ok(Self::new(chain, signing)),
            false => Err(SchemeError::KeyMismatch {
                key: key.into(),
                certificate: certificate.into(),
            }),
        }
    }

    /// Writes `<stem>.key` (mode 0600) and `<stem>.crt` into a directory, which is made if it is
    /// not there. Nothing is overwritten.
    ///
    /// # Errors
    /// [`SchemeError::Exists`] or [`SchemeError::File`].
    pub fn write(&self, directory: &Path, stem: &str) -> Result<(), SchemeError> {
        secure::make_directory(directory)?;
        write_key(&directory.join(format!("{stem}.key")), &self.key)?;
        let chain = self
            .chain
            .iter()
            .map(|der| to_pem(der))
            .collect::<Result<String, _>>()?;
        secure::create_public(&directory.join(format!("{stem}.crt")), chain.as_bytes())
    }

    /// The private key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// DER of the leaf.
    pub fn certificate(&self) -> &[u8] {
        self.chain.first().map_or(&[], Vec::as_slice)
    }

    /// The private key as PKCS#8 DER, version 1.
    ///
    /// # Errors
    /// [`SchemeError::Encoding`].
    pub fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SchemeError> {
        Ok(Zeroizing::new(pkcs8(&self.key)?.as_bytes().to_vec()))
    }
}

/// Reads an Ed25519 private key from PKCS#8 PEM that only its owner may read.
pub(super) fn read_key(path: &Path) -> Result<SigningKey, SchemeError> {
    let text = secure::read_secret(path)?;
    SigningKey::from_pkcs8_pem(&text).map_err(|_| SchemeError::PrivateKey(path.into()))
}

/// Writes an Ed25519 private key as PKCS#8 PEM of mode 0600.
pub(super) fn write_key(path: &Path, key: &SigningKey) -> Result<(), SchemeError> {
    let pem = pkcs8(key)?
        .to_pem("PRIVATE KEY", LineEnding::LF)
        .map_err(|error| SchemeError::Encoding(error.to_string()))?;
    secure::create_secret(path, pem.as_bytes())
}

/// Version 1, without the public key: every reader of PKCS#8 takes it.
fn pkcs8(key: &SigningKey) -> Result<SecretDocument, SchemeError> {
    let pair = Zeroizing::new(key.to_bytes());
    let mut pair = KeypairBytes {
        secret_key: *pair,
        public_key: None,
    };
    let document = pair
        .to_pkcs8_der()
        .map_err(|error| SchemeError::Encoding(error.to_string()));
    zeroize::Zeroize::zeroize(&mut pair.secret_key);
    document
}
