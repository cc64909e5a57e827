//! Writes certificates. Pure: the same order gives the same bytes.

use std::str::FromStr;
use std::time::Duration;

use ed25519_dalek::{Signature, SigningKey};
use libetp::codec;
use libetp::digest::{SUITE, tagged};
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder, CertificateBuilder, Result as BuilderResult};
use x509_cert::der::Encode;
use x509_cert::der::asn1::{BitString, GeneralizedTime, Ia5String, OctetString, UtcTime};
use x509_cert::der::flagset::FlagSet;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
};
use x509_cert::ext::{Extension, ToExtension};
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{
    AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};
use x509_cert::time::{Time, Validity};

use crate::attributes::{ATTRIBUTES, Attributes};
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
    pub(super) fn sign(self, key: &SigningKey) -> Result<Vec<u8>, SchemeError> {
        let serial = serial(&self, &key.verifying_key().to_bytes())?;
        let validity = Validity::new(time(self.not_before)?, time(self.not_after)?);
        let spki = spki(&self.public)?;
        let certificate =
            CertificateBuilder::new(self, serial, validity, spki)?.build::<_, Signature>(key)?;
        Ok(certificate.to_der()?)
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

/// The extensions of a root (no role) or of a role's intermediate.
pub(super) fn authority_extensions(role: Option<Role>) -> Result<Vec<Extension>, SchemeError> {
    let basic = BasicConstraints {
        ca: true,
        path_len_constraint: Some(role.is_none().into()),
    };
    let mut extensions = vec![
        extension(true, &basic)?,
        extension(true, &KeyUsage(FlagSet::from(KeyUsages::KeyCertSign)))?,
    ];
    if let Some(role) = role {
        extensions.push(extension(true, &ExtendedKeyUsage(vec![role.purpose()]))?);
    }
    Ok(extensions)
}

fn extension<T>(critical: bool, value: &T) -> Result<Extension, SchemeError>
where
    T: x509_cert::der::oid::AssociatedOid + Encode,
{
    Ok((critical, value).to_extension(&Name::default(), &[])?)
}

/// 127 bits that differ whenever anything else in the certificate does.
fn serial(order: &Order, issuer_key: &[u8; 32]) -> Result<SerialNumber, SchemeError> {
    let extensions = order.extensions.to_der()?;
    let hash = tagged(
        "serial/v1",
        &[
            issuer_key,
            &order.public,
            &order.not_before,
            &order.not_after,
            &extensions,
        ],
    );
    let mut serial = [0; 16];
    serial.copy_from_slice(&hash[..16]);
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(SerialNumber::new(&serial)?)
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
