//! The extensions of a leaf: which there must be, and which there may be.

use alloc::vec::Vec;

use libetp::codec;
use libetp::digest::SUITE;
use x509_cert::TbsCertificate;
use x509_cert::der::DecodeOwned;
use x509_cert::der::asn1::{ObjectIdentifier, OctetString};
use x509_cert::der::flagset::FlagSet;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, NameConstraints, SubjectAltName,
};

use crate::attributes::{ATTRIBUTES, Attributes};
use crate::error::CertificateError;
use crate::role::Role;
use crate::subject::Subject;

/// What the extensions of a leaf say.
pub(crate) struct Extensions {
    /// By the extended key usage.
    pub(crate) role: Role,
    /// By the subject alternative name.
    pub(crate) subject: Subject,
    /// By our own extension.
    pub(crate) attributes: Attributes,
}

const KNOWN: [ObjectIdentifier; 6] = [
    KeyUsage::OID,
    ExtendedKeyUsage::OID,
    SubjectAltName::OID,
    BasicConstraints::OID,
    NameConstraints::OID,
    ATTRIBUTES,
];

/// Reads the extensions of a leaf. Unknown ones are passed over unless they are critical.
pub(crate) fn read(tbs: &TbsCertificate) -> Result<Extensions, CertificateError> {
    let all = tbs.extensions().map_or(&[][..], Vec::as_slice);
    check_set(all)?;
    check_is_leaf(all)?;
    Ok(Extensions {
        role: role(all)?,
        attributes: attributes(all)?,
        subject: subject(all)?,
    })
}

fn check_set(all: &[Extension]) -> Result<(), CertificateError> {
    for (at, extension) in all.iter().enumerate() {
        let id = extension.extn_id;
        if all[..at].iter().any(|earlier| earlier.extn_id == id) {
            return Err(CertificateError::DuplicateExtension(id));
        }
        if extension.critical && !KNOWN.contains(&id) {
            return Err(CertificateError::UnknownCritical(id));
        }
    }
    Ok(())
}

fn check_is_leaf(all: &[Extension]) -> Result<(), CertificateError> {
    if find(all, NameConstraints::OID).is_some() {
        return Err(CertificateError::NameConstraints);
    }
    let basic = find(all, BasicConstraints::OID).map(contents::<BasicConstraints>);
    if basic.transpose()?.is_some_and(|basic| basic.ca) {
        return Err(CertificateError::Authority);
    }
    let usage = find(all, KeyUsage::OID).ok_or(CertificateError::KeyUsage)?;
    let only = FlagSet::from(KeyUsages::DigitalSignature);
    match usage.critical && contents::<KeyUsage>(usage)?.0 == only {
        true => Ok(()),
        false => Err(CertificateError::KeyUsage),
    }
}

fn role(all: &[Extension]) -> Result<Role, CertificateError> {
    let extension = find(all, ExtendedKeyUsage::OID).ok_or(CertificateError::RoleMissing)?;
    if !extension.critical {
        return Err(CertificateError::RoleNotCritical);
    }
    match contents::<ExtendedKeyUsage>(extension)?.0.as_slice() {
        &[purpose] => Role::of_purpose(purpose).ok_or(CertificateError::RoleUnknown(purpose)),
        _ => Err(CertificateError::RoleNotOne),
    }
}

fn attributes(all: &[Extension]) -> Result<Attributes, CertificateError> {
    let extension = find(all, ATTRIBUTES).ok_or(CertificateError::AttributesMissing)?;
    if extension.critical {
        return Err(CertificateError::AttributesCritical);
    }
    let value = contents::<OctetString>(extension)?;
    let attributes: Attributes =
        codec::from_slice(value.as_bytes()).map_err(CertificateError::Attributes)?;
    match attributes.suite {
        SUITE => Ok(attributes),
        other => Err(CertificateError::Suite(other)),
    }
}

fn subject(all: &[Extension]) -> Result<Subject, CertificateError> {
    let Some(extension) = find(all, SubjectAltName::OID) else {
        return Ok(Subject::None);
    };
    match contents::<SubjectAltName>(extension)?.0.as_slice() {
        [GeneralName::UniformResourceIdentifier(uri)] => {
            Subject::of_uri(uri.as_str()).ok_or(CertificateError::SubjectUri)
        }
        _ => Err(CertificateError::SubjectNotOneUri),
    }
}

fn find(all: &[Extension], id: ObjectIdentifier) -> Option<&Extension> {
    all.iter().find(|extension| extension.extn_id == id)
}

fn contents<T: DecodeOwned<Error = x509_cert::der::Error>>(
    extension: &Extension,
) -> Result<T, CertificateError> {
    T::from_der(extension.extn_value.as_bytes())
        .map_err(|_| CertificateError::Extension(extension.extn_id))
}
