//! Fields that an expression names, before there is a message.

use libetp::Mtype;
use libetp::mtype::TABLE;

use super::check::Checked;
use super::types::{Type, Typed};
use crate::fields::{Field, Kind, fields_of};
use crate::file::Wrong;

/// The type of a field in all those message types that have it.
pub(super) fn typed(path: &[&str], mtypes: Option<&[Mtype]>) -> Checked {
    let name = path.join(".");
    let asked: Vec<Mtype> = match mtypes {
        Some(mtypes) => mtypes.to_vec(),
        None => TABLE.iter().map(|entry| entry.mtype).collect(),
    };
    let mut found: Option<Typed> = None;
    for mtype in asked {
        let Some((kind, is_nullable)) = find(fields_of(mtype).unwrap_or_default(), path) else {
            match mtypes {
                Some(_) => return Err(lacking(mtype, &name)),
                None => continue,
            }
        };
        let kind = Type::of(kind).ok_or_else(|| unreadable(&name))?;
        match &mut found {
            None => found = Some(Typed { kind, is_nullable }),
            Some(typed) if typed.kind == kind => typed.is_nullable |= is_nullable,
            Some(_) => return Err(ambiguous(&name)),
        }
    }
    found.ok_or_else(|| {
        Wrong::new(format!("no registered message type has a field `{name}`"))
            .help("`docs/protocol/mtypes.md` lists the fields of every type")
    })
}

fn find<'k>(fields: &'k [Field], path: &[&str]) -> Option<(&'k Kind, bool)> {
    let (name, rest) = path.split_first()?;
    let field = fields.iter().find(|field| field.name == *name)?;
    match (&field.kind, rest) {
        (kind, []) => Some((kind, field.is_nullable)),
        (Kind::Structure(inner), _) => find(inner, rest),
        _ => None,
    }
}

fn lacking(mtype: Mtype, name: &str) -> Wrong {
    let wrong = Wrong::new(format!("`{mtype}` has no field `{name}` that may be read"));
    let fields = fields_of(mtype).unwrap_or_default();
    match fields.is_empty() {
        true => wrong,
        false => {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            wrong.help(format!("it has: {}", names.join(", ")))
        }
    }
}

fn unreadable(name: &str) -> Wrong {
    Wrong::new(format!("`param.{name}` consists of parts, and is no value"))
        .help("name one of its fields, or use a plugin")
}

fn ambiguous(name: &str) -> Wrong {
    Wrong::new(format!(
        "`param.{name}` is not the same in all message types that have it"
    ))
    .help("name the message type in the policy's `when`")
}
