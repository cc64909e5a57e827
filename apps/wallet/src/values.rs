//! Values on the command line.

use std::str::FromStr;

use libetp::EntityId;
use libetp::client::aliases::Aliases;

use crate::program::{Failure, Kind};

pub(crate) use card_owner::{Hex32, as_hex, as_text, named};

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
}
