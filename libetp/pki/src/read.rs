//! Reads a certificate and checks every rule but who signed it.

use alloc::vec::Vec;

use libetp::limits::CERTIFICATE_BYTES_MAX;
use libetp::{Domain, id::DomainKind};
use x509_cert::certificate::Version;
use x509_cert::der::asn1::{BitString, ObjectIdentifier};
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::{Certificate, TbsCertificate};

use crate::attributes::{Attributes, CLASS_MAX};
use crate::error::CertificateError;
use crate::extensions::{self, Extensions};
use crate::key;
use crate::leaf::Leaf;
use crate::role::Role;
use crate::subject::Subject;

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A well-formed leaf that nobody vouched for yet.
pub(crate) struct Unverified {
    /// What it says.
    pub(crate) leaf: Leaf,
    /// The bytes that the signature covers.
    pub(crate) signed: Vec<u8>,
    /// By whoever issued it.
    pub(crate) signature: [u8; 64],
}

/// Reads one leaf.
pub(crate) fn read(der: &[u8]) -> Result<Unverified, CertificateError> {
    let (certificate, signature) = envelope(der)?;
    let tbs = certificate.tbs_certificate();
    Ok(Unverified {
        leaf: leaf(tbs)?,
        signed: tbs.to_der().map_err(|_| CertificateError::NotDer)?,
        signature,
    })
}

/// Reads any Ed25519 certificate, and the signature on it.
///
/// The bytes must be what DER writes for the values read, so that a certificate has one form and
/// a signature over the values is one over the bytes.
pub(crate) fn envelope(der: &[u8]) -> Result<(Certificate, [u8; 64]), CertificateError> {
    if der.len() > CERTIFICATE_BYTES_MAX {
        return Err(CertificateError::TooLong(der.len()));
    }
    let certificate = Certificate::from_der(der).map_err(|_| CertificateError::NotACertificate)?;
    if certificate.to_der().ok().as_deref() != Some(der) {
        return Err(CertificateError::NotDer);
    }
    let signature = check_algorithms(&certificate)?;
    Ok((certificate, signature))
}

/// The certified key.
pub(crate) fn public_key(tbs: &TbsCertificate) -> Result<[u8; 32], CertificateError> {
    octets(&tbs.subject_public_key_info().subject_public_key)
        .filter(key::is_usable)
        .ok_or(CertificateError::Key)
}

fn check_algorithms(certificate: &Certificate) -> Result<[u8; 64], CertificateError> {
    let tbs = certificate.tbs_certificate();
    if tbs.version() != Version::V3
        || tbs.issuer_unique_id().is_some()
        || tbs.subject_unique_id().is_some()
    {
        return Err(CertificateError::Version);
    }
    let algorithms = [
        certificate.signature_algorithm(),
        tbs.signature(),
        &tbs.subject_public_key_info().algorithm,
    ];
    if !algorithms.into_iter().all(is_ed25519) {
        return Err(CertificateError::Algorithm);
    }
    octets(certificate.signature()).ok_or(CertificateError::Algorithm)
}

fn is_ed25519(algorithm: &AlgorithmIdentifierOwned) -> bool {
    algorithm.oid == ED25519 && algorithm.parameters.is_none()
}

fn octets<const N: usize>(bits: &BitString) -> Option<[u8; N]> {
    bits.as_bytes()?.try_into().ok()
}

fn leaf(tbs: &TbsCertificate) -> Result<Leaf, CertificateError> {
    let public = public_key(tbs)?;
    let not_before = tbs.validity().not_before.to_unix_duration().as_secs();
    let not_after = tbs.validity().not_after.to_unix_duration().as_secs();
    if not_after < not_before {
        return Err(CertificateError::Validity);
    }
    let Extensions {
        role,
        subject,
        attributes,
    } = extensions::read(tbs)?;
    check_attributes(role, &attributes)?;
    check_subject(role, subject, &public, attributes.agree.as_ref())?;
    Ok(Leaf {
        role,
        key: key::key_id(&public),
        public,
        subject,
        class: attributes.class,
        agree: attributes.agree,
        code_hash: attributes.code_hash,
        epoch: attributes.epoch,
        not_before,
        not_after,
    })
}

fn check_attributes(role: Role, attributes: &Attributes) -> Result<(), CertificateError> {
    let is_card = role == Role::Card;
    let class_max = if is_card { CLASS_MAX } else { 0 };
    if attributes.class > class_max {
        return Err(CertificateError::Class(attributes.class));
    }
    match attributes.agree.is_some() == is_card {
        true => Ok(()),
        false => Err(CertificateError::AgreementKey),
    }
}

fn check_subject(
    role: Role,
    subject: Subject,
    public: &[u8; 32],
    agree: Option<&[u8; 32]>,
) -> Result<(), CertificateError> {
    match (role, subject) {
        (Role::Card, Subject::Domain(domain)) => check_domain(domain, public, agree),
        (Role::Host, Subject::Host(key)) if key == key::key_id(public) => Ok(()),
        (Role::Host, Subject::Host(_)) => Err(CertificateError::SubjectNotOfKey),
        (Role::Card | Role::Host, Subject::None) => Err(CertificateError::SubjectMissing),
        (_, Subject::None) => Ok(()),
        _ => Err(CertificateError::SubjectOfOtherRole),
    }
}

fn check_domain(
    domain: Domain,
    sign: &[u8; 32],
    agree: Option<&[u8; 32]>,
) -> Result<(), CertificateError> {
    let agree = agree.ok_or(CertificateError::AgreementKey)?;
    match domain.kind() {
        DomainKind::Assigned => Ok(()),
        DomainKind::SelfCertified if domain == key::self_certified_domain(sign, agree) => Ok(()),
        DomainKind::SelfCertified => Err(CertificateError::SubjectNotOfKey),
        DomainKind::Unknown => Err(CertificateError::DomainKind),
    }
}
