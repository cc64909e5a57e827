//! Writes certificates. Pure: the same order gives the same bytes.

use std::str::FromStr;
use std::time::Duration;

use ed25519_dalek::{Signature, SigningKey};
use libetp::codec;
use libetp::digest::{Hash, SUITE, tagged};
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder, Result as BuilderResult};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{BitString, GeneralizedTime, Ia5String, OctetString, UtcTime};
use x509_cert::der::flagset::FlagSet;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages,
    SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{
    AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};
use x509_cert::time::{Time, Validity};

use crate::attributes::{ATTRIBUTES, Attributes};
use crate::key::key_id;
use crate::role::Role;
use crate::scheme::{Request, SchemeError};

/// One certificate to write.
pub(super) struct Order {
    /// Who signs.
    pub(super) issuer: Name,
    /// For people only.
    pub(super) subject: Name,
    /// The certified key.
    pub(super) public: [u8; 32],
    /// Unix time in seconds.
    pub(super) not_before: u64,
    /// Unix time in seconds.
    pub(super) not_after: u64,
    /// All of them.
    pub(super) extensions: Vec<Extension>,
}

impl Order {
    /// Signs the certificate and gives its DER.
    pub(super) fn sign(mut self, key: &SigningKey) -> Result<Vec<u8>, SchemeError> {
        let issuer_key = key_id(&key.verifying_key().to_bytes());
        self.extensions
            .push(extension(false, &authority_key(&issuer_key)?)?);
        let serial = self.serial(&issuer_key)?;
        let validity = Validity::new(time(self.not_before)?, time(self.not_after)?);
        let spki = spki(&self.public)?;
        let certificate =
            CertificateBuilder::new(self, serial, validity, spki)?.build::<_, Signature>(key)?;
        Ok(certificate.to_der()?)
    }

    /// Positive, 16 bytes, and another one whenever anything else in the certificate differs.
    fn serial(&self, issuer_key: &Hash) -> Result<SerialNumber, SchemeError> {
        let names = [self.issuer.to_der()?, self.subject.to_der()?];
        let dates = [self.not_before, self.not_after];
        let extensions = self.extensions.to_der()?;
        let hash = tagged(
            "serial/v1",
            &[
                issuer_key,
                &self.public,
                &dates[0],
                &dates[1],
                &names[0],
                &names[1],
                &extensions,
            ],
        );
        let mut serial = [0; 16];
        serial.copy_from_slice(&hash[..16]);
        serial[0] = serial[0] & 0x3f | 0x40;
        Ok(SerialNumber::new(&serial)?)
    }
}

impl BuilderProfile for Order {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _key: SubjectPublicKeyInfoRef<'_>,
        _issuer_key: SubjectPublicKeyInfoRef<'_>,
        _tbs: &TbsCertificate,
    ) -> BuilderResult<Vec<Extension>> {
        Ok(self.extensions.clone())
    }
}

/// The name of somebody in a scheme. Verifiers do not look at it.
pub(super) fn name(scheme: &str, common: &str) -> Result<Name, SchemeError> {
    Ok(Name::from_str(&format!("CN={common},O={scheme}"))?)
}

/// The extensions of a leaf.
pub(super) fn leaf_extensions(
    role: Role,
    request: &Request,
) -> Result<Vec<Extension>, SchemeError> {
    let attributes = Attributes {
        suite: SUITE,
        class: request.class,
        agree: request.agree,
        code_hash: request.code_hash,
        epoch: request.epoch,
    };
    let attributes = OctetString::new(codec::to_vec(&attributes))?;
    let mut extensions = vec![
        extension(true, &KeyUsage(FlagSet::from(KeyUsages::DigitalSignature)))?,
        extension(true, &ExtendedKeyUsage(vec![role.purpose()]))?,
        (ATTRIBUTES, false, &attributes).to_extension(&Name::default(), &[])?,
    ];
    if let Some(uri) = request.subject.uri() {
        let uri = GeneralName::UniformResourceIdentifier(Ia5String::new(&uri)?);
        extensions.push(extension(false, &SubjectAltName(vec![uri]))?);
    }
    Ok(extensions)
}

/// The extensions of a root (no role) or of a role's intermediate with this key.
pub(super) fn authority_extensions(
    role: Option<Role>,
    public: &[u8; 32],
) -> Result<Vec<Extension>, SchemeError> {
    let path_length = u8::from(role.is_none());
    let basic = BasicConstraints {
        ca: true,
        path_len_constraint: Some(path_length),
    };
    let identifier = SubjectKeyIdentifier(OctetString::new(key_id(public))?);
    let mut extensions = vec![
        extension(true, &basic)?,
        extension(true, &KeyUsage(FlagSet::from(KeyUsages::KeyCertSign)))?,
        extension(false, &identifier)?,
    ];
    if let Some(role) = role {
        extensions.push(extension(true, &ExtendedKeyUsage(vec![role.purpose()]))?);
    }
    Ok(extensions)
}

/// Names the issuer's key by its key id, which is method 4 of RFC 7093, section 2.
fn authority_key(key: &Hash) -> Result<AuthorityKeyIdentifier, SchemeError> {
    let key_identifier = Some(OctetString::new(key.as_slice())?);
    Ok(AuthorityKeyIdentifier {
        key_identifier,
        ..Default::default()
    })
}

fn extension<T>(critical: bool, value: &T) -> Result<Extension, SchemeError>
where
    T: x509_cert::der::oid::AssociatedOid + Encode,
{
    Ok((critical, value).to_extension(&Name::default(), &[])?)
}

fn time(unix_s: u64) -> Result<Time, SchemeError> {
    let since_epoch = Duration::from_secs(unix_s);
    if let Ok(time) = UtcTime::from_unix_duration(since_epoch) {
        return Ok(Time::UtcTime(time));
    }
    Ok(Time::GeneralTime(GeneralizedTime::from_unix_duration(
        since_epoch,
    )?))
}

fn spki(public: &[u8; 32]) -> Result<SubjectPublicKeyInfoOwned, SchemeError> {
    let oid = x509_cert::der::asn1::ObjectIdentifier::new_unwrap("1.3.101.112");
    Ok(SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned {
            oid,
            parameters: None,
        },
        subject_public_key: BitString::from_bytes(public)?,
    })
}
