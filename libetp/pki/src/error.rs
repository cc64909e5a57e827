//! Why a certificate or a signature is refused.

use libetp::codec::CodecError;
use libetp::limits::CERTIFICATE_BYTES_MAX;
use x509_cert::der::asn1::ObjectIdentifier;

use crate::role::Role;

macro_rules! certificate_errors {
    ($($(#[$meta:meta])* $name:ident $({$($field:ident: $struct_type:ty),*})? $(($type:ty))?
        = $text:literal, $words:literal $(, $argument:expr)?;)*) => {
        /// Why a certificate or a signature is refused: the first rule that it breaks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum CertificateError {
            $($(#[$meta])* #[error($words $(, $argument)?)]
            $name $({$(#[allow(missing_docs)] $field: $struct_type),*})? $(($type))?,)*
        }

        impl CertificateError {
            /// The names of all errors.
            pub const NAMES: &[&str] = &[$($text),*];

            /// The name used in vectors, logs and counters.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name {..} => $text,)*
                }
            }
        }
    };
}

certificate_errors! {
    /// Longer than [`CERTIFICATE_BYTES_MAX`]; so many bytes.
    TooLong(usize) = "too-long", "{0} bytes, more than {max}", max = CERTIFICATE_BYTES_MAX;
    /// Not the DER of an X.509 certificate, or bytes follow it.
    NotACertificate = "not-a-certificate", "not the DER of one X.509 certificate";
    /// Can be read, but DER would write it otherwise.
    NotDer = "not-der", "not in the distinguished encoding";
    /// Not version 3.
    Version = "version", "not an X.509 version 3 certificate";
    /// The key or the signature is not of Ed25519, or the two statements of it differ.
    Algorithm = "algorithm", "key and signature must be of Ed25519";
    /// The public key is not a point of the curve or of small order.
    Key = "key", "not a usable Ed25519 public key";
    /// `notAfter` lies before `notBefore`.
    Validity = "validity", "it ends before it begins";
    /// The same extension twice.
    DuplicateExtension(ObjectIdentifier) = "duplicate-extension", "extension {0} occurs twice";
    /// An extension that is critical and unknown.
    UnknownCritical(ObjectIdentifier) = "unknown-critical", "unknown critical extension {0}";
    /// An extension whose contents cannot be read.
    Extension(ObjectIdentifier) = "extension", "extension {0} is malformed";
    /// Name constraints, which have no meaning here.
    NameConstraints = "name-constraints", "name constraints are not allowed";
    /// The certificate claims to be an authority.
    Authority = "authority", "an authority where a leaf is expected";
    /// The key usage is not exactly `digitalSignature`, critical.
    KeyUsage = "key-usage", "the key usage must be critical and exactly digitalSignature";
    /// No extended key usage.
    RoleMissing = "role-missing", "no extended key usage, hence no role";
    /// The extended key usage is not critical.
    RoleNotCritical = "role-not-critical", "the extended key usage is not critical";
    /// More or fewer than one extended key usage.
    RoleNotOne = "role-not-one", "not exactly one extended key usage";
    /// An extended key usage that is no role.
    RoleUnknown(ObjectIdentifier) = "role-unknown", "extended key usage {0} is no role";
    /// A role, but not the one that is required here.
    WrongRole { required: Role, found: Role }
        = "wrong-role", "a certificate of role {found} where {required} is required";
    /// No attributes extension.
    AttributesMissing = "attributes-missing", "no attributes extension";
    /// The attributes extension is critical, so that others must refuse it.
    AttributesCritical = "attributes-critical", "the attributes extension is critical";
    /// The attributes are not the structure that they must be.
    Attributes(CodecError) = "attributes", "attributes: {0}";
    /// Another suite of algorithms.
    Suite(u8) = "suite", "suite {0} is not spoken here";
    /// No such class, or a class other than 0 for a role that has none.
    Class(u8) = "class", "class {0} is not possible for this role";
    /// A card without an X25519 key, or another role with one.
    AgreementKey = "agreement-key", "a card has an X25519 key, and nobody else has one";
    /// A card or host without a subject alternative name.
    SubjectMissing = "subject-missing", "no subject alternative name";
    /// A subject alternative name for a role that has none, or of the kind of another role.
    SubjectOfOtherRole = "subject-of-other-role", "the name is not of the kind of the role";
    /// Not exactly one name, or not a URI.
    SubjectNotOneUri = "subject-not-one-uri", "the alternative name is not exactly one URI";
    /// Not one of the two URIs, in lower case.
    SubjectUri = "subject-uri", "neither urn:etp:domain:<24 hex> nor urn:etp:host:<64 hex>";
    /// A domain of unknown kind.
    DomainKind = "domain-kind", "the first byte of the domain is neither 01 nor 02";
    /// A self-certified domain, or a host's name, that does not follow from the keys.
    SubjectNotOfKey = "subject-not-of-key", "the name does not follow from the keys";
    /// The verifier pins no intermediate for the role.
    NoAnchor(Role) = "no-anchor", "no pinned intermediate for role {0}";
    /// Not signed by the pinned intermediate of the role.
    Issuer(Role) = "issuer", "not signed by the scheme's intermediate for role {0}";
    /// Valid only from a later Unix time.
    NotYetValid(u64) = "not-yet-valid", "not valid before Unix time {0}";
    /// Valid only up to an earlier Unix time.
    Expired(u64) = "expired", "not valid after Unix time {0}";
    /// A signature over a message is not the holder's.
    Signature = "signature", "the signature is not the certificate holder's";
}
