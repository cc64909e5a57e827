//! Message types: a 16-bit number that names the format of `param`.
//!
//! The numbers, names, flags and fields come from one registry, `docs/protocol/mtypes.toml`.

mod names;
mod table;

use core::fmt;

pub use table::*;

/// A message type. Unregistered numbers are carried as they are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mtype(pub u16);

/// What the registry says of a message type.
#[derive(Debug)]
pub struct Entry {
    /// The number.
    pub mtype: Mtype,
    /// The name in output, configuration and logs.
    pub name: &'static str,
    /// An order that a card carries out only over an authenticated channel.
    pub privileged: bool,
    /// Never shown to observers, captures, plugins or traces.
    pub secret: bool,
    /// The fields, as `name: type`.
    pub params: &'static [&'static str],
}

impl Mtype {
    /// What the registry says, if it knows the type.
    pub fn entry(self) -> Option<&'static Entry> {
        let at = TABLE
            .binary_search_by_key(&self, |entry| entry.mtype)
            .ok()?;
        TABLE.get(at)
    }

    /// The registered type of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        TABLE
            .iter()
            .find(|entry| entry.name == name)
            .map(|entry| entry.mtype)
    }

    /// Whether a card demands an authenticated channel for it.
    pub fn is_privileged(self) -> bool {
        self.entry().is_some_and(|entry| entry.privileged)
    }

    /// Whether a program proves itself to its card with it, and only a card's owner may send it.
    pub fn is_authentication(self) -> bool {
        [Self::AUTH_BEGIN, Self::AUTH, Self::SET_PIN].contains(&self)
    }

    /// Whether its params must never be shown.
    pub fn is_secret(self) -> bool {
        self.entry().is_some_and(|entry| entry.secret)
    }

    /// The on-card program or service that the type belongs to.
    pub fn family(self) -> u8 {
        (self.0 >> 8) as u8
    }
}

impl fmt::Display for Mtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry() {
            Some(entry) => f.write_str(entry.name),
            None => write!(f, "0x{:04x}", self.0),
        }
    }
}

impl fmt::Debug for Mtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_table_is_sorted_and_names_are_unique() {
        assert!(TABLE.is_sorted_by(|a, b| a.mtype < b.mtype));
        for entry in TABLE {
            assert_eq!(Mtype::by_name(entry.name), Some(entry.mtype));
            assert_eq!(entry.mtype.to_string(), entry.name);
        }
        assert_eq!(Mtype(0xC0FE).to_string(), "0xc0fe");
    }
}
