//! The fields of message types, read from the words of the registry.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libetp::Mtype;
use libetp::mtype::{Entry, TABLE};

/// What the registry calls a `voucher`: the fields of
/// [`libetp::params::voucher::Voucher`].
const VOUCHER: &[&str] = &[
    "issuer: bytes32",
    "promise: bytes",
    "min_class: u8",
    "redeemer: bytes32?",
    "serial: bytes16",
    "issuer_signature: bytes64",
];

/// What the registry calls a `descriptor`: the fields of
/// [`libetp::params::pals::Descriptor`].
const DESCRIPTOR: &[&str] = &[
    "suite: u8",
    "function: bytes32",
    "parameters: bytes",
    "engine: text",
    "fuel: u64",
    "slice: u64",
    "memory_bytes: u32",
    "members: list of member",
    "min_class: u8",
    "code_hash: bytes32?",
    "corrupt: u8",
    "input_bytes: u32",
    "cover_rounds: u32",
    "round_ms: u32",
    "start_skew_ms: u32",
    "delay_ms: u32",
    "drift_ppm: u32",
];

/// A `member` of it: [`libetp::params::pals::Member`].
const MEMBER: &[&str] = &["key: bytes32", "program: id"];

/// What the registry calls an `entry`: the fields of
/// [`libetp::params::pals::Entry`].
const ENTRY: &[&str] = &["nonce: bytes32", "certificate: bytes", "signature: bytes64"];

/// What the registry calls a `kept-function`: the fields of
/// [`libetp::params::pals::KeptFunction`].
const KEPT_FUNCTION: &[&str] = &[
    "hash: bytes32",
    "total: u32",
    "stored: u32",
    "is_approved: bool",
];

/// A field of a param.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Whether it may be absent.
    pub is_nullable: bool,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// An integer from 0 to this.
    Uint(u64),
    /// Bytes, of exactly that many if there is a number.
    Bytes(Option<usize>),
    /// UTF-8.
    Text,
    /// An entity id.
    Id,
    /// Any number of equal values.
    List(Box<Kind>),
    /// Fields of its own.
    Structure(Vec<Field>),
    /// The registry does not say more than that it is one item.
    Opaque,
}

/// The fields of a registered type that is not secret.
pub fn fields_of(mtype: Mtype) -> Option<&'static [Field]> {
    static SCHEMAS: LazyLock<BTreeMap<Mtype, Vec<Field>>> = LazyLock::new(|| {
        let shown = TABLE.iter().filter(|entry| !entry.secret);
        shown.map(|entry| (entry.mtype, fields(entry))).collect()
    });
    SCHEMAS.get(&mtype).map(Vec::as_slice)
}

/// A type may have the params of another: `accept` has those of `offer`.
fn fields(entry: &Entry) -> Vec<Field> {
    let same = match entry.params {
        [only] => only.split_once(": the params of `"),
        _ => None,
    };
    let same = same.and_then(|(_, name)| Mtype::by_name(name.strip_suffix('`')?)?.entry());
    let params = same.unwrap_or(entry).params;
    params.iter().map(|text| field(text)).collect()
}

/// Reads `name: type`, or `name: type?`.
fn field(text: &'static str) -> Field {
    let (name, kind) = text.split_once(": ").unwrap_or((text, ""));
    let plain = kind.strip_suffix('?');
    Field {
        name,
        kind: self::kind(plain.unwrap_or(kind)),
        is_nullable: plain.is_some(),
    }
}

fn kind(text: &'static str) -> Kind {
    let number = |prefix: &str| text.strip_prefix(prefix)?.parse::<u32>().ok();
    match text {
        "bool" => Kind::Bool,
        "bytes" => Kind::Bytes(None),
        "text" => Kind::Text,
        "id" => Kind::Id,
        "voucher" => structure(VOUCHER),
        "descriptor" => structure(DESCRIPTOR),
        "member" => structure(MEMBER),
        "entry" => structure(ENTRY),
        "kept-function" => structure(KEPT_FUNCTION),
        _ => {
            if let Some(bits @ 1..=64) = number("u") {
                return Kind::Uint(u64::MAX >> (64 - bits));
            }
            if let Some(len) = number("bytes") {
                return Kind::Bytes(Some(len as usize));
            }
            match text.strip_prefix("list of ") {
                Some(element) => Kind::List(Box::new(kind(element))),
                None => Kind::Opaque,
            }
        }
    }
}

fn structure(fields: &'static [&'static str]) -> Kind {
    Kind::Structure(fields.iter().map(|it| field(it)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> &'static [Field] {
        fields_of(Mtype::by_name(name).unwrap()).unwrap()
    }

    #[test]
    fn every_word_of_the_registry_is_understood_or_opaque_by_intent() {
        let mut opaque = Vec::new();
        let shown = TABLE.iter().filter(|entry| !entry.secret);
        for entry in shown {
            for field in fields_of(entry.mtype).unwrap() {
                if is_opaque(&field.kind) {
                    opaque.push(format!("{}.{}", entry.name, field.name));
                }
            }
        }
        assert_eq!(
            opaque,
            [
                "agreement.body",
                "vouchers.vouchers",
                "exchanges.exchanges",
                "resolve-request.evidence",
                "abort-request.evidence",
            ]
        );
    }

    fn is_opaque(kind: &Kind) -> bool {
        match kind {
            Kind::Opaque => true,
            Kind::List(element) => is_opaque(element),
            Kind::Structure(fields) => fields.iter().any(|field| is_opaque(&field.kind)),
            _ => false,
        }
    }

    #[test]
    fn words_mean_what_encoding_md_says() {
        let pong = &of("pong")[0];
        assert_eq!((pong.name, &pong.kind), ("nonce", &Kind::Bytes(None)));
        let result = of("exchange-result");
        assert!(result[1].is_nullable && !result[0].is_nullable);
        assert_eq!(result[2].kind, Kind::Uint(255));
        assert_eq!(of("hello")[1].kind, Kind::Uint(u64::MAX));
        assert_eq!(of("accept"), of("offer"));
        assert_eq!(of("accept").len(), 10);
        assert!(fields_of(Mtype::AUTH).is_none() && fields_of(Mtype(0xC001)).is_none());
    }
}
