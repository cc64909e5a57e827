//! Values that are written as text and have a format of their own.

use std::fmt;

use libetp::Domain;
use libetp::digest::Hash;
use libetp::id::{parse_hex, write_hex};
use serde::Deserialize;

/// A domain, 24 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct DomainText(pub Domain);

/// A key id, 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyText(pub Hash);

/// Permissions of the socket, in octal.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SocketMode(pub u32);

impl TryFrom<String> for DomainText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |error| format!("`{text}` is not a domain: {error}");
        text.parse().map(Self).map_err(wrong)
    }
}

impl TryFrom<String> for KeyText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a key id: a key id is 64 hexadecimal digits");
        parse_hex(&text).map(Self).ok_or_else(wrong)
    }
}

impl TryFrom<String> for SocketMode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mode = u32::from_str_radix(&text, 8)
            .ok()
            .filter(|mode| mode & !0o666 == 0);
        let wrong =
            || format!("`{text}` is not a socket mode: write \"0666\", \"0660\" or \"0600\"");
        mode.filter(|mode| mode & 0o600 == 0o600)
            .map(Self)
            .ok_or_else(wrong)
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for SocketMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}
