//! Results: for people by `Display`, for programs as JSON.

use std::fmt::{self, Display};

use command_line::OutputError;
use etp_pki::Leaf;
use etp_pki::scheme::utc;
use libetp::id::write_hex;
use serde::{Serialize, Serializer};

use super::Failure;

/// Prints a result to standard output.
pub(super) fn print(report: &(impl Serialize + Display), json: bool) -> Result<(), Failure> {
    let text = match json {
        true => serde_json::to_string_pretty(report)
            .map_err(|error| Failure::Output(OutputError::from(std::io::Error::from(error))))?,
        false => report.to_string(),
    };
    Ok(command_line::print(text.trim_end())?)
}

/// Bytes as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What a certificate says.
#[derive(Debug, Serialize)]
pub(super) struct LeafReport {
    /// `card`, `host`, ...
    pub(super) role: String,
    /// The key id `K`.
    pub(super) key: Hex,
    /// Ed25519.
    pub(super) public: Hex,
    /// The URI in the certificate.
    pub(super) subject: Option<String>,
    /// Of a card.
    pub(super) domain: Option<String>,
    pub(super) class: u8,
    /// X25519, of a card.
    pub(super) agree: Option<Hex>,
    pub(super) code_hash: Option<Hex>,
    pub(super) epoch: u64,
    pub(super) not_before: String,
    pub(super) not_after: String,
}

impl From<&Leaf> for LeafReport {
    fn from(leaf: &Leaf) -> Self {
        Self {
            role: leaf.role.to_string(),
            key: Hex(leaf.key.to_vec()),
            public: Hex(leaf.public.to_vec()),
            subject: leaf.subject.uri(),
            domain: leaf.domain().map(|domain| domain.to_string()),
            class: leaf.class,
            agree: leaf.agree.map(|agree| Hex(agree.to_vec())),
            code_hash: leaf.code_hash.map(|hash| Hex(hash.to_vec())),
            epoch: leaf.epoch,
            not_before: utc(leaf.not_before),
            not_after: utc(leaf.not_after),
        }
    }
}

impl Display for LeafReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "role       {}", self.role)?;
        writeln!(f, "key        {}", self.key)?;
        if let Some(domain) = &self.domain {
            writeln!(f, "domain     {domain}")?;
            writeln!(f, "class      {}", self.class)?;
        }
        if let Some(agree) = &self.agree {
            writeln!(f, "agreement  {agree}")?;
        }
        if let Some(code_hash) = &self.code_hash {
            writeln!(f, "code       {code_hash}")?;
        }
        writeln!(f, "epoch      {}", self.epoch)?;
        writeln!(f, "valid      {} to {}", self.not_before, self.not_after)
    }
}
