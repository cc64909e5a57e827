//! The extension that says what X.509 has no field for.

use libetp::digest::Hash;
use x509_cert::der::asn1::ObjectIdentifier;

/// Object identifier of the attributes extension.
pub(crate) const ATTRIBUTES: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.2.1");

/// Highest class there is.
pub(crate) const CLASS_MAX: u8 = 2;

libetp::structure! {
    /// The extension's value, inside a DER octet string.
    pub(crate) struct Attributes {
        /// The suite of algorithms.
        pub(crate) suite: u8,
        /// Class of a card; 0 for other roles.
        pub(crate) class: u8,
        /// A card's X25519 key.
        pub(crate) agree: Option<[u8; 32]>,
        /// SHA-256 of the code that holds the key.
        pub(crate) code_hash: Option<Hash>,
        /// The scheme's epoch at the time of issue.
        pub(crate) epoch: u64,
    }
}
