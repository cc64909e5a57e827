//! Which card a socket serves.

use std::path::PathBuf;
use std::str::FromStr;

use libetp::Domain;

/// Which card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selector {
    /// The first one of TENeT that no other socket of this process serves.
    #[default]
    Any,
    /// One in a reader whose name has this in it, in any case of letters.
    Reader(String),
    /// The one with this domain, in whichever reader.
    Card(Domain),
}

impl Selector {
    /// Whether a card in this reader may be it.
    pub fn admits_reader(&self, name: &str) -> bool {
        match self {
            Self::Any | Self::Card(_) => true,
            Self::Reader(part) => name.to_lowercase().contains(&part.to_lowercase()),
        }
    }

    /// Whether only the card itself can tell.
    pub fn is_of_a_card(&self) -> bool {
        matches!(self, Self::Card(_))
    }

    /// Whether it is a card with this domain.
    pub fn admits_card(&self, domain: Domain) -> bool {
        match self {
            Self::Any | Self::Reader(_) => true,
            Self::Card(wanted) => *wanted == domain,
        }
    }
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(domain) = text.parse() {
            return Ok(Self::Card(domain));
        }
        match text.is_empty() {
            true => Err("what is behind `=` is empty; name a part of a reader's name, or the domain of a card".into()),
            false => Ok(Self::Reader(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Any => f.write_str("any card"),
            Self::Reader(part) => write!(f, "the card in reader `{part}`"),
            Self::Card(domain) => write!(f, "card {domain}"),
        }
    }
}

/// A socket, and the card that is served there: `SOCKET` or `SOCKET=SELECTOR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where to listen.
    pub socket: PathBuf,
    /// Which card.
    pub selector: Selector,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (socket, selector) = match text.split_once('=') {
            Some((socket, selector)) => (socket, selector.parse()?),
            None => (text, Selector::Any),
        };
        match socket.is_empty() {
            true => Err("no socket is named".into()),
            false => Ok(Self {
                socket: socket.into(),
                selector,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Place {
        text.parse().expect("a place")
    }

    #[test]
    fn a_place_is_a_socket_and_perhaps_a_card() {
        let any = place("/run/c.sock");
        assert_eq!(any.socket, PathBuf::from("/run/c.sock"));
        assert_eq!(any.selector, Selector::Any);
        let reader = place("c.sock=Gemalto PC = Twin");
        assert_eq!(
            reader.selector,
            Selector::Reader("Gemalto PC = Twin".into())
        );
        let domain = "02b5468d2bc9d008fe3f43b5";
        let card = place(&format!("c.sock={domain}"));
        assert_eq!(
            card.selector,
            Selector::Card(domain.parse().expect("a domain"))
        );
        assert!("=x".parse::<Place>().is_err());
        assert!("c.sock=".parse::<Place>().is_err());
        assert!("".parse::<Place>().is_err());
    }

    #[test]
    fn a_part_of_the_name_is_enough_whatever_its_case() {
        let selector = Selector::Reader("acr122".into());
        assert!(selector.admits_reader("ACS ACR122U PICC Interface 00 00"));
        assert!(!selector.admits_reader("Gemalto PC Twin Reader 00 00"));
        assert!(selector.admits_card(Domain([2; 12])));
        let selector = Selector::Card(Domain([2; 12]));
        assert!(selector.admits_reader("any"));
        assert!(!selector.admits_card(Domain([3; 12])));
    }
}
