//! The `[names]` of a rule file: words for ids, domains and hosts.

use std::collections::BTreeMap;

use libetp::digest::{Hash, sha256};
use libetp::id::parse_hex;
use libetp::{Domain, EntityId, Mtype};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// An entity, `<24 hex>:<port>`.
    Entity(EntityId),
    /// A domain, 24 hexadecimal digits.
    Domain(Domain),
    /// A host's key id, 64 hexadecimal digits.
    Host(Hash),
}

impl Named {
    /// Reads what its form says that it is.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = text.parse() {
            return Some(Self::Entity(id));
        }
        if let Ok(domain) = text.parse() {
            return Some(Self::Domain(domain));
        }
        parse_hex(text).map(Self::Host)
    }
}

/// Words that mean something else where a name may stand.
const RESERVED: &[&str] = &["local", "foreign", "administrator"];

/// Names and what they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<String, Named>);

impl Names {
    /// Gives something a name.
    ///
    /// # Errors
    ///
    /// What is wrong: the name is taken, or could be read as an id itself.
    pub fn insert(&mut self, name: &str, text: &str) -> Result<(), String> {
        if Named::parse(name).is_some() {
            return Err(format!("`{name}` is no name: it reads as an id"));
        }
        if RESERVED.contains(&name) {
            return Err(format!(
                "`{name}` is a word of rule files itself: take another name"
            ));
        }
        let named = Named::parse(text).ok_or_else(|| {
            format!("`{text}` is no id (24 hex:port), no domain (24 hex) and no host (64 hex)")
        })?;
        match self.0.insert(name.into(), named) {
            Some(old) if old != named => Err(format!("`{name}` has two meanings")),
            _ => Ok(()),
        }
    }

    /// An entity by id or name.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn entity(&self, text: &str) -> Result<EntityId, String> {
        match self.find(text)? {
            Named::Entity(id) => Ok(id),
            _ => Err(format!("`{text}` is no entity id: write <24 hex>:<port>")),
        }
    }

    /// A domain by digits or name; an entity's name stands for its domain too.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn domain(&self, text: &str) -> Result<Domain, String> {
        match self.find(text)? {
            Named::Entity(id) => Ok(id.domain),
            Named::Domain(domain) => Ok(domain),
            Named::Host(_) => Err(format!("`{text}` is a host and no domain")),
        }
    }

    /// A host by key id or name.
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn host(&self, text: &str) -> Result<Hash, String> {
        match self.find(text)? {
            Named::Host(host) => Ok(host),
            _ => Err(format!(
                "`{text}` is no host: a host is 64 hexadecimal digits"
            )),
        }
    }

    /// The names, sorted.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A digest that changes with what any of them stands for.
    pub(super) fn digest(&self) -> Hash {
        let lines = self
            .0
            .iter()
            .map(|(name, named)| format!("{name:?} {named:?}\n"));
        sha256(lines.collect::<String>().as_bytes())
    }

    fn find(&self, text: &str) -> Result<Named, String> {
        let known = self.0.get(text).copied();
        known
            .or_else(|| Named::parse(text))
            .ok_or_else(|| format!("`{text}` is neither an id nor one of [names]"))
    }
}

/// A message type by its registered name or its number.
///
/// # Errors
///
/// What is wrong with the text.
pub fn mtype(text: &str) -> Result<Mtype, String> {
    let number = text
        .strip_prefix("0x")
        .and_then(|digits| u16::from_str_radix(digits, 16).ok());
    number
        .map(Mtype)
        .or_else(|| Mtype::by_name(text))
        .ok_or_else(|| format!("`{text}` is no registered message type and no number like 0xc001"))
}
