//! What values of expressions are, as far as it is known before there is a message.

use std::fmt;

use crate::fields::Kind;

/// What an expression gives, and whether it may be `null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) kind: Type,
    pub(super) is_nullable: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Int,
    Text(Word),
    Bytes,
    List(Box<Type>),
    Null,
}

/// What a text stands for. Words of two kinds are never equal, so comparing them is a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Any,
    Entry,
    Id,
    Domain,
    Host,
    Mtype,
    Hex,
}

impl Type {
    pub(super) fn always(self) -> Typed {
        Typed {
            kind: self,
            is_nullable: false,
        }
    }

    pub(super) fn or_null(self) -> Typed {
        Typed {
            kind: self,
            is_nullable: true,
        }
    }

    /// The type of a field's value; `None` if expressions have none for it.
    pub(super) fn of(kind: &Kind) -> Option<Self> {
        Some(match kind {
            Kind::Bool => Self::Bool,
            Kind::Uint(_) => Self::Int,
            Kind::Bytes(_) => Self::Bytes,
            Kind::Text => Self::Text(Word::Any),
            Kind::Id => Self::Text(Word::Id),
            Kind::List(element) => Self::List(Box::new(Self::of(element)?)),
            Kind::Structure(_) | Kind::Opaque => return None,
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bool => "true or false",
            Self::Int => "a number",
            Self::Text(word) => return word.fmt(f),
            Self::Bytes => "bytes",
            Self::List(element) => return write!(f, "a list, each {element}"),
            Self::Null => "null",
        })
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "a text",
            Self::Entry => "an entry",
            Self::Id => "an id",
            Self::Domain => "a domain",
            Self::Host => "a host",
            Self::Mtype => "a message type",
            Self::Hex => "hexadecimal digits",
        })
    }
}
