//! Params from fields by name.

use libetp::Mtype;
use libetp::codec::{self, Encode, Encoder, canonical, open_structure};
use libetp::params::Privileged;
use toml::Value;

use crate::fields::{Field, Kind, fields_of};
use crate::file::Names;

/// A param of a registered type. A privileged one is wrapped, with a counter and a tag that no
/// card would accept; Guard looks at neither.
pub(super) fn encode(mtype: Mtype, table: &toml::Table, names: &Names) -> Result<Vec<u8>, String> {
    let fields = fields_of(mtype).ok_or_else(|| {
        format!("`{mtype}` has no fields that have names: write its param as `param_hex`")
    })?;
    let mut to = Encoder::new(Vec::new());
    structure(fields, table, names, &mut to)?;
    let plain = to.into_writer();
    Ok(match mtype.is_privileged() {
        true => codec::to_vec(&Privileged {
            counter: 1,
            tag: [0; 16],
            body: plain,
        }),
        false => plain,
    })
}

/// Bytes from their hexadecimal digits.
pub(super) fn bytes(text: &str) -> Result<Vec<u8>, String> {
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => {
            let digit = |it: u8| char::from(it).to_digit(16);
            Some((digit(*high)? << 4 | digit(*low)?) as u8)
        }
        _ => None,
    });
    let bytes: Option<Vec<u8>> = pairs.collect();
    bytes.ok_or_else(|| format!("`{text}` is not written in pairs of hexadecimal digits"))
}

fn structure(
    fields: &[Field],
    table: &toml::Table,
    names: &Names,
    to: &mut Encoder,
) -> Result<(), String> {
    if let Some(key) = table
        .keys()
        .find(|key| fields.iter().all(|it| it.name != *key))
    {
        let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
        return Err(format!(
            "there is no field `{key}`; there are: {}",
            known.join(", ")
        ));
    }
    open_structure(to, fields.len() as u64);
    for field in fields {
        match table.get(field.name) {
            Some(value) => item(field.name, &field.kind, value, names, to)?,
            None if field.is_nullable => None::<bool>.encode(to),
            None => return Err(format!("the field `{}` is missing", field.name)),
        }
    }
    Ok(())
}

fn item(
    name: &str,
    kind: &Kind,
    value: &Value,
    names: &Names,
    to: &mut Encoder,
) -> Result<(), String> {
    let about = |what: String| format!("`{name}`: {what}");
    match (kind, value) {
        (Kind::Bool, Value::Boolean(truth)) => truth.encode(to),
        (Kind::Uint(most), Value::Integer(number)) => {
            let number = u64::try_from(*number).ok().filter(|it| it <= most);
            let number = number.ok_or_else(|| about(format!("a number from 0 to {most}")))?;
            number.encode(to);
        }
        (Kind::Bytes(len), Value::String(text)) => {
            let bytes = bytes(text).map_err(about)?;
            if let Some(len) = len.filter(|len| *len != bytes.len()) {
                return Err(about(format!("{len} bytes, not {}", bytes.len())));
            }
            bytes.encode(to);
        }
        (Kind::Text, Value::String(text)) => text.encode(to),
        (Kind::Id, Value::String(text)) => names.entity(text).map_err(about)?.encode(to),
        (Kind::List(kind), Value::Array(values)) => {
            open_structure(to, values.len() as u64);
            for value in values {
                item(name, kind, value, names, to)?;
            }
        }
        (Kind::Structure(fields), Value::Table(table)) => {
            structure(fields, table, names, to).map_err(about)?;
        }
        (Kind::Opaque, Value::String(text)) => {
            let encoded = bytes(text).map_err(about)?;
            canonical::validate(&encoded).map_err(|error| about(error.to_string()))?;
            to.writer_mut().extend_from_slice(&encoded);
        }
        _ => return Err(about(format!("must be written as {}", form(kind)))),
    }
    Ok(())
}

fn form(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bool => "true or false",
        Kind::Uint(_) => "a number",
        Kind::Bytes(_) => "hexadecimal digits in quotes",
        Kind::Text => "text in quotes",
        Kind::Id => "an id or a name in quotes",
        Kind::List(_) => "a list in brackets",
        Kind::Structure(_) => "a table of its fields",
        Kind::Opaque => "the digits of its encoding in quotes",
    }
}
