//! Reads the certificates of authorities: a scheme's root and intermediates.

use libetp::digest::Hash;
use x509_cert::Certificate;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, NameConstraints};
use x509_cert::name::Name;

use crate::error::CertificateError;
use crate::key;
use crate::role::Role;

/// What the certificate of an authority says.
pub(super) struct AuthorityCertificate {
    pub(super) public: [u8; 32],
    pub(super) issuer: Name,
    pub(super) subject: Name,
    pub(super) not_before: u64,
    pub(super) not_after: u64,
    /// May sign certificates, and how many authorities may follow.
    pub(super) signs: bool,
    pub(super) path_length: Option<u8>,
    pub(super) name_constraints: bool,
    /// The role to which its leaves are bound; `None` if there is none or not exactly one.
    pub(super) role: Option<Role>,
    signed: Vec<u8>,
    signature: [u8; 64],
}

impl AuthorityCertificate {
    /// Reads one, judging its form only.
    pub(super) fn read(der: &[u8]) -> Result<Self, CertificateError> {
        let (certificate, signature) = crate::read::envelope(der)?;
        let tbs = certificate.tbs_certificate();
        let public = crate::read::public_key(tbs)?;
        let validity = tbs.validity();
        Ok(Self {
            public,
            issuer: tbs.issuer().clone(),
            subject: tbs.subject().clone(),
            not_before: validity.not_before.to_unix_duration().as_secs(),
            not_after: validity.not_after.to_unix_duration().as_secs(),
            signs: signs(&certificate),
            path_length: extension::<BasicConstraints>(&certificate)
                .and_then(|(_, basic)| basic.path_len_constraint),
            name_constraints: extension::<NameConstraints>(&certificate).is_some(),
            role: role(&certificate),
            signed: tbs.to_der().map_err(|_| CertificateError::NotDer)?,
            signature,
        })
    }

    /// The key id.
    pub(super) fn key(&self) -> Hash {
        key::key_id(&self.public)
    }

    /// Whether `issuer` signed this and is named as the issuer.
    pub(super) fn is_signed_by(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject && key::check(&issuer.public, &self.signed, &self.signature)
    }
}

fn signs(certificate: &Certificate) -> bool {
    let basic = extension::<BasicConstraints>(certificate);
    let usage = extension::<KeyUsage>(certificate);
    basic.is_some_and(|(critical, basic)| critical && basic.ca)
        && usage.is_some_and(|(critical, usage)| critical && usage.key_cert_sign())
}

fn role(certificate: &Certificate) -> Option<Role> {
    match extension::<ExtendedKeyUsage>(certificate)?.1.0.as_slice() {
        &[purpose] => Role::of_purpose(purpose),
        _ => None,
    }
}

fn extension<'a, T>(certificate: &'a Certificate) -> Option<(bool, T)>
where
    T: Decode<'a, Error = x509_cert::der::Error> + x509_cert::der::oid::AssociatedOid,
{
    certificate
        .tbs_certificate()
        .get_extension::<T>()
        .ok()
        .flatten()
}
