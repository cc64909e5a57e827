//! What a certified key is for.

use core::fmt;
use core::str::FromStr;

use x509_cert::der::asn1::ObjectIdentifier;

/// The one purpose of a certificate, as its extended key usage says it. The numbers are the last
/// arc of the object identifier minus one, and the order of [`Anchors`](crate::Anchors).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// A card: signs in on-card protocols, has a domain.
    Card = 0,
    /// A host: authenticates its links to other hosts.
    Host = 1,
    /// Issues vouchers.
    Issuer = 2,
    /// Takes vouchers back.
    Redeemer = 3,
    /// A trusted third party or a certification authority.
    Service = 4,
    /// An off-card program with a key of its own.
    OffCard = 5,
}

impl Role {
    /// Every role, in order.
    pub const ALL: [Self; 6] = [
        Self::Card,
        Self::Host,
        Self::Issuer,
        Self::Redeemer,
        Self::Service,
        Self::OffCard,
    ];

    /// The name in output, files and arguments.
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Host => "host",
            Self::Issuer => "issuer",
            Self::Redeemer => "redeemer",
            Self::Service => "service",
            Self::OffCard => "off-card",
        }
    }

    /// The extended key usage that stands for the role.
    pub fn purpose(self) -> ObjectIdentifier {
        PURPOSES[self as usize]
    }

    /// The role that an extended key usage stands for.
    pub(crate) fn of_purpose(purpose: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.purpose() == purpose)
    }
}

/// Below the arc that RFC 5612 reserves for documentation; see `docs/protocol/certificates.md`.
const PURPOSES: [ObjectIdentifier; 6] = [
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.1"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.2"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.3"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.4"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.5"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1.6"),
];

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is not the name of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is one of card, host, issuer, redeemer, service, off-card")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let named = Self::ALL.into_iter().find(|role| role.name() == text);
        named.ok_or(UnknownRole)
    }
}
