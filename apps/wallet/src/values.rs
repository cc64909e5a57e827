//! Values on the command line and in files.

use std::fmt;
use std::str::FromStr;

use libetp::EntityId;
use libetp::client::aliases::Aliases;
use libetp::client::text::hex;
use libetp::id::parse_hex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::failure::{Failure, Kind};

/// 32 bytes as 64 hexadecimal digits: key ids, voucher ids, nonces.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hex32(pub(crate) [u8; 32]);

impl Hex32 {
    /// Enough of it for people to tell things apart.
    pub(crate) fn short(&self) -> String {
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
pub(crate) mod as_text {
    use super::*;

    pub(crate) fn serialize<T: fmt::Display, S: Serializer>(
        value: &T,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(crate) fn deserialize<'d, T, D>(from: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: fmt::Display>,
        D: Deserializer<'d>,
    {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Bytes in files, as hexadecimal digits.
pub(crate) mod as_hex {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&hex(bytes))
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        unhex(&text).ok_or_else(|| serde::de::Error::custom("hexadecimal digits are wanted"))
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| parse_hex::<1>(std::str::from_utf8(pair).ok()?).map(|[byte]| byte))
        .collect()
}

/// An id, or the name of one.
#[derive(Clone, Debug)]
pub(crate) struct Who(String);

impl FromStr for Who {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.into()))
    }
}

impl Who {
    /// The id of a wallet.
    pub(crate) fn wallet(&self) -> Result<EntityId, Failure> {
        self.resolve("give the id that the other wallet's `wallet init` printed")
    }

    /// The id of a third party.
    pub(crate) fn third_party(&self) -> Result<EntityId, Failure> {
        self.resolve(
            "give the id of the third party's card, as its operator's `etpctl t status` prints it",
        )
    }

    fn resolve(&self, hint: &str) -> Result<EntityId, Failure> {
        let aliases = Aliases::load_default().map_err(|error| {
            Failure::new(Kind::Usage, error.to_string()).hint("correct or remove that file")
        })?;
        aliases
            .resolve(&self.0)
            .map_err(|error| Failure::new(Kind::Usage, error.to_string()).hint(hint))
    }
}

/// An id with its name, if it has one.
pub(crate) fn named(id: EntityId) -> String {
    let aliases = Aliases::load_default().ok();
    let name = aliases.as_ref().and_then(|aliases| aliases.name(id));
    name.map_or_else(|| id.to_string(), |name| format!("{name} ({id})"))
}

/// Key id of a third party, and where it is reached.
#[derive(Clone, Debug)]
pub(crate) struct ThirdParty {
    pub(crate) key: Hex32,
    pub(crate) ids: Vec<EntityId>,
}

impl FromStr for ThirdParty {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, ids) = text.split_once('@').unwrap_or((text, ""));
        let ids = ids.split(',').filter(|id| !id.is_empty());
        let ids: Result<Vec<EntityId>, _> = ids.map(str::parse).collect();
        let ids = ids.map_err(|error| error.to_string())?;
        let most = libetp::limits::THIRD_PARTY_IDS_MAX;
        if ids.len() > most {
            return Err(format!("at most {most} ids"));
        }
        let key = key.parse()?;
        Ok(Self { key, ids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_party_has_a_key_and_any_number_of_ids() {
        let key = "ab".repeat(32);
        let id = "02aabbccddeeff0011223344:7";
        let parse = |text: String| text.parse::<ThirdParty>();
        assert!(parse(key.clone()).unwrap().ids.is_empty());
        assert_eq!(parse(format!("{key}@{id},{id}")).unwrap().ids.len(), 2);
        assert!(parse(format!("{key}@nonsense")).is_err());
        assert!(parse("ab@".into()).is_err());
        let many = vec![id; libetp::limits::THIRD_PARTY_IDS_MAX];
        assert!(parse(format!("{key}@{}", many.join(","))).is_ok());
        assert!(parse(format!("{key}@{},{id}", many.join(","))).is_err());
    }

    #[test]
    fn bytes_in_files_read_back() {
        assert_eq!(unhex("00ff10"), Some(vec![0, 255, 16]));
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("zz"), None);
        assert_eq!(unhex("日本"), None);
    }
}
