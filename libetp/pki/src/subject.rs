//! Whom a certificate names, as a URI.

use alloc::format;
use alloc::string::String;
use core::fmt;

use libetp::Domain;
use libetp::digest::Hash;
use libetp::id::{parse_hex, write_hex};

const DOMAIN_URI: &str = "urn:etp:domain:";
const HOST_URI: &str = "urn:etp:host:";

/// Whom a certificate names in its subject alternative name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A card, by its domain: `urn:etp:domain:<24 hex>`.
    Domain(Domain),
    /// A host, by its key id: `urn:etp:host:<64 hex>`.
    Host(Hash),
    /// Nobody: the key is the name.
    None,
}

impl Subject {
    /// The URI, if there is a name.
    pub fn uri(&self) -> Option<String> {
        match self {
            Self::None => None,
            named => Some(format!("{named}")),
        }
    }

    /// Reads a URI exactly as [`Subject::uri`] writes it.
    pub(crate) fn of_uri(uri: &str) -> Option<Self> {
        let domain = uri.strip_prefix(DOMAIN_URI).and_then(parse_lower_hex);
        let host = uri.strip_prefix(HOST_URI).and_then(parse_lower_hex);
        domain
            .map(|domain| Self::Domain(Domain(domain)))
            .or(host.map(Self::Host))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => write!(f, "{DOMAIN_URI}{domain}"),
            Self::Host(key) => {
                f.write_str(HOST_URI)?;
                write_hex(f, key)
            }
            Self::None => f.write_str("none"),
        }
    }
}

fn parse_lower_hex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let lower = !digits.bytes().any(|digit| digit.is_ascii_uppercase());
    parse_hex(digits).filter(|_| lower)
}
