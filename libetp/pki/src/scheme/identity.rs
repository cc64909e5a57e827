//! A private key and its certificate, in two files.

use std::path::Path;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes, SecretDocument};
use zeroize::Zeroizing;

use crate::scheme::file::read_certificates;
use crate::scheme::{SchemeError, inspect, secure};

/// A key with its certificates: what a host, an issuer or another holder without a card presents.
pub struct Identity {
    /// DER of its certificate.
    pub leaf: Vec<u8>,
    /// DER of the certificate of its role's intermediate, for those who want the chain.
    pub intermediate: Option<Vec<u8>>,
    key: SigningKey,
}

impl Identity {
    /// A key and its certificates, DER.
    pub fn new(leaf: Vec<u8>, intermediate: Option<Vec<u8>>, key: SigningKey) -> Self {
        Self {
            leaf,
            intermediate,
            key,
        }
    }

    /// Reads certificates and private key, each DER or PEM. The intermediate may also follow the
    /// leaf in a PEM file.
    ///
    /// # Errors
    /// [`SchemeError`] if one cannot be read, others may read the key, the leaf breaks a rule, or
    /// the two do not belong together.
    pub fn load(leaf: &Path, intermediate: Option<&Path>, key: &Path) -> Result<Self, SchemeError> {
        let mut chain = read_certificates(leaf)?.into_iter();
        let der = chain.next().ok_or_else(|| SchemeError::Pem(leaf.into()))?;
        let above = match intermediate {
            Some(path) => read_certificates(path)?.into_iter().next(),
            None => chain.next(),
        };
        let signing = read_key(key)?;
        if inspect(&der)?.public != signing.verifying_key().to_bytes() {
            return Err(SchemeError::KeyMismatch {
                key: key.into(),
                certificate: leaf.into(),
            });
        }
        Ok(Self::new(der, above, signing))
    }

    /// Writes `<stem>.key` (PKCS#8 PEM, mode 0600), `<stem>.der` and `<stem>-intermediate.der` into
    /// a directory, which is made if it is not there. Nothing is overwritten.
    ///
    /// # Errors
    /// [`SchemeError::Exists`] or [`SchemeError::File`].
    pub fn write(&self, directory: &Path, stem: &str) -> Result<(), SchemeError> {
        secure::make_directory(directory)?;
        write_key(&directory.join(format!("{stem}.key")), &self.key)?;
        if let Some(der) = &self.intermediate {
            let path = directory.join(format!("{stem}-intermediate.der"));
            secure::create_public(&path, der)?;
        }
        secure::create_public(&directory.join(format!("{stem}.der")), &self.leaf)
    }

    /// The private key.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The private key as PKCS#8 DER, version 1.
    ///
    /// # Errors
    /// [`SchemeError::Encoding`].
    pub fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SchemeError> {
        Ok(Zeroizing::new(pkcs8(&self.key)?.as_bytes().to_vec()))
    }
}

/// Reads an Ed25519 private key, PKCS#8 in PEM or DER, that only its owner may read.
pub(super) fn read_key(path: &Path) -> Result<SigningKey, SchemeError> {
    let bytes = secure::read_secret(path)?;
    let key = match std::str::from_utf8(&bytes) {
        Ok(pem) if !secure::is_der(&bytes) => SigningKey::from_pkcs8_pem(pem),
        _ => SigningKey::from_pkcs8_der(&bytes),
    };
    key.map_err(|_| SchemeError::PrivateKey(path.into()))
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
