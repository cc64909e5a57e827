//! Entity ids: 128 bits, a 12-byte [`Domain`] and a 4-byte [`Port`], big endian.
//!
//! A domain belongs to one card. Port 0 is the card itself; other ports are local programs; a
//! port is never reused. Ports from [`Port::HOST_FIRST`] up are services of the host and are
//! never assigned by a card (Terada et al. 2005, section 4.2).

use core::fmt;
use core::str::FromStr;

/// The 12-byte half of an entity id that names a card's home. It only locates: who somebody is
/// is said by keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Domain(pub [u8; 12]);

/// How a domain came to be, told by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainKind {
    /// 0x01: assigned by an authority. Only these may be routed by prefix.
    Assigned,
    /// 0x02: 88 bits of a hash of the card's public keys.
    SelfCertified,
    /// Any other first byte: no card may carry it.
    Unknown,
}

impl Domain {
    /// Length in bytes.
    pub const LEN: usize = 12;

    /// How this domain came to be.
    pub fn kind(&self) -> DomainKind {
        match self.0[0] {
            0x01 => DomainKind::Assigned,
            0x02 => DomainKind::SelfCertified,
            _ => DomainKind::Unknown,
        }
    }

    /// The id of the card itself, `D|0`.
    pub fn card(self) -> EntityId {
        self.entity(Port::CARD)
    }

    /// The id `D|port`.
    pub fn entity(self, port: Port) -> EntityId {
        EntityId { domain: self, port }
    }
}

/// The 4-byte half of an entity id that names a program within a domain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Port(pub u32);

impl Port {
    /// The card itself.
    pub const CARD: Port = Port(0);
    /// First port of the range that a card never assigns.
    pub const HOST_FIRST: Port = Port(0xFFFF_FF00);
    /// Host service: diagnostics, and verdicts to the card.
    pub const DIAGNOSTICS: Port = Port(0xFFFF_FF00);
    /// Host service: orders of the daemon to its card.
    pub const DAEMON: Port = Port(0xFFFF_FF01);

    /// Whether the port lies in the host's own range.
    pub fn is_host_service(self) -> bool {
        self >= Self::HOST_FIRST
    }

    /// Whether a card may assign the port to a program.
    pub fn is_assignable(self) -> bool {
        self != Self::CARD && !self.is_host_service()
    }
}

/// Who sends or receives a message: `D|P`, written `<24 hex>:<decimal port>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct EntityId {
    /// The card's home.
    pub domain: Domain,
    /// The program within it.
    pub port: Port,
}

impl EntityId {
    /// Length in bytes.
    pub const LEN: usize = 16;

    /// Reads the 16-byte wire form.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let mut domain = [0; 12];
        domain.copy_from_slice(&bytes[..12]);
        let port = u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]);
        Self {
            domain: Domain(domain),
            port: Port(port),
        }
    }

    /// The 16-byte wire form.
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..12].copy_from_slice(&self.domain.0);
        bytes[12..].copy_from_slice(&self.port.0.to_be_bytes());
        bytes
    }

    /// Whether this is a card, `D|0`.
    pub fn is_card(self) -> bool {
        self.port == Port::CARD
    }
}

impl From<uuid::Uuid> for EntityId {
    fn from(uuid: uuid::Uuid) -> Self {
        Self::from_bytes(uuid.into_bytes())
    }
}

impl From<EntityId> for uuid::Uuid {
    fn from(id: EntityId) -> Self {
        Self::from_bytes(id.to_bytes())
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.domain, self.port)
    }
}

impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not an entity id or a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// The domain is not 24 hexadecimal digits.
    #[error("a domain is 24 hexadecimal digits")]
    Domain,
    /// No colon between domain and port.
    #[error("an entity id is <24 hex digits>:<decimal port>")]
    Separator,
    /// The port is not a decimal number of 32 bits.
    #[error("a port is a decimal number up to 4294967295")]
    Port,
}

impl FromStr for Domain {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        parse_hex(text).map(Self).ok_or(ParseIdError::Domain)
    }
}

impl FromStr for EntityId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let (domain, port) = text.split_once(':').ok_or(ParseIdError::Separator)?;
        let plain = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        let port = port
            .parse()
            .ok()
            .filter(|_| plain)
            .ok_or(ParseIdError::Port)?;
        Ok(Self {
            domain: domain.parse()?,
            port: Port(port),
        })
    }
}

/// Writes bytes as lower-case hexadecimal digits.
pub fn write_hex(f: &mut impl fmt::Write, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

/// Reads exactly `2 * N` hexadecimal digits.
pub fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = (high << 4 | low) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_and_bytes_round_trip() {
        let text = "02aabbccddeeff0011223344:4294967041";
        let id: EntityId = text.parse().unwrap();
        assert_eq!(id.port, Port::DAEMON);
        assert_eq!(id.to_string(), text);
        assert_eq!(EntityId::from_bytes(id.to_bytes()), id);
        assert_eq!(EntityId::from(uuid::Uuid::from(id)), id);
    }

    #[test]
    fn bad_text_is_named() {
        let domain = "02aabbccddeeff0011223344";
        assert_eq!(domain.parse::<EntityId>(), Err(ParseIdError::Separator));
        assert_eq!("02:1".parse::<EntityId>(), Err(ParseIdError::Domain));
        for port in ["", "+1", "4294967296", "x", "1 "] {
            let text = alloc::format!("{domain}:{port}");
            assert_eq!(text.parse::<EntityId>(), Err(ParseIdError::Port), "{text}");
        }
    }

    #[test]
    fn reserved_ports_are_never_assignable() {
        assert!(!Port::CARD.is_assignable());
        assert!(!Port::HOST_FIRST.is_assignable());
        assert!(!Port(u32::MAX).is_assignable());
        assert!(Port(Port::HOST_FIRST.0 - 1).is_assignable());
    }
}
