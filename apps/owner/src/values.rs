//! Values on the command line and in files.

use std::fmt;
use std::str::FromStr;

use libetp::EntityId;
use libetp::client::aliases::Aliases;
use libetp::client::text::hex;
use libetp::id::parse_hex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 32 bytes as 64 hexadecimal digits: key ids, voucher ids, nonces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hex32(pub [u8; 32]);

impl Hex32 {
    /// Enough of it for people to tell things apart.
    pub fn short(&self) -> String {
        hex(&self.0[..6])
    }
}

impl fmt::Display for Hex32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Hex32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hex32 {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_hex(text)
            .map(Self)
            .ok_or("64 hexadecimal digits are wanted")
    }
}

impl Serialize for Hex32 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'d> Deserialize<'d> for Hex32 {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Entity ids and domains in files, as text.
pub mod as_text {
    use super::*;

    /// As it is shown.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<T: fmt::Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    /// As it is read from the command line.
    ///
    /// # Errors
    /// Those of the format, and what is wrong with the text.
    pub fn deserialize<'d, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: fmt::Display>,
        D: Deserializer<'d>,
    {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Bytes in files, as hexadecimal digits.
pub mod as_hex {
    use super::*;

    /// Two digits a byte.
    ///
    /// # Errors
    /// Those of the format.
    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&hex(bytes))
    }

    /// Two digits a byte.
    ///
    /// # Errors
    /// Those of the format, and other characters.
    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        unhex(&text).ok_or_else(|| serde::de::Error::custom("hexadecimal digits are wanted"))
    }
}

/// An id with its name, if it has one.
pub fn named(id: EntityId) -> String {
    let aliases = Aliases::load_default().ok();
    let name = aliases.as_ref().and_then(|aliases| aliases.name(id));
    name.map_or_else(|| id.to_string(), |name| format!("{name} ({id})"))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| parse_hex::<1>(std::str::from_utf8(pair).ok()?).map(|[byte]| byte))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_in_files_read_back() {
        assert_eq!(unhex("00ff10"), Some(vec![0, 255, 16]));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("zz"), None);
        assert_eq!(unhex("日本"), None);
    }
}
