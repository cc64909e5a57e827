//! Decoding a param into values.

use libetp::codec::{CanonicalError, Decoder, canonical};
use libetp::{EntityId, Mtype};

use super::{Field, Kind, LIST_ELEMENTS_MAX, Value, fields_of};

/// Why a param has no fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// The registry does not know the type.
    #[error("the message type has no registered fields")]
    Unregistered,
    /// Nobody may look into it.
    #[error("the params of the message type are secret")]
    Secret,
    /// It is not in the one encoding.
    #[error("the param is malformed: {0}")]
    Canonical(#[from] CanonicalError),
    /// It is not an array of exactly the fields.
    #[error("the param is malformed: it does not have the fields of its type")]
    Fields,
    /// The field has a value of another kind.
    #[error("the param is malformed: `{0}` has a value of another kind")]
    Kind(&'static str),
    /// The field has too many elements.
    #[error("the list `{0}` has more than {LIST_ELEMENTS_MAX} elements")]
    Long(&'static str),
}

/// The fields of one param.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params<'p>(Value<'p>);

impl<'p> Params<'p> {
    /// Reads a param.
    ///
    /// # Errors
    ///
    /// [`FieldsError`].
    pub fn decode(mtype: Mtype, param: &'p [u8]) -> Result<Self, FieldsError> {
        let Some(fields) = fields_of(mtype) else {
            return Err(match mtype.is_secret() {
                true => FieldsError::Secret,
                false => FieldsError::Unregistered,
            });
        };
        canonical::validate(param)?;
        let plain = match mtype.is_privileged() {
            true => body(param)?,
            false => param,
        };
        let mut from = Decoder::new(plain);
        structure(fields, &mut from, plain, FieldsError::Fields).map(Self)
    }

    /// The value of a field: of `offer.vid2`, if `offer` has fields of its own.
    pub fn find(&self, path: &str) -> Option<&Value<'p>> {
        self.0.at(path.split('.'))
    }

    /// The fields and their values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Field, &Value<'p>)> {
        let (fields, values): (&[Field], &[Value<'p>]) = match &self.0 {
            Value::Structure(fields, values) => (fields, values),
            _ => (&[], &[]),
        };
        fields.iter().zip(values)
    }
}

/// What is inside `[counter, tag, body]`.
fn body(param: &[u8]) -> Result<&[u8], FieldsError> {
    let mut from = Decoder::new(param);
    let wrapped = |_| FieldsError::Fields;
    if from.array().map_err(wrapped)? != Some(3) {
        return Err(FieldsError::Fields);
    }
    from.u64().map_err(wrapped)?;
    if from.bytes().map_err(wrapped)?.len() != 16 {
        return Err(FieldsError::Fields);
    }
    let body = from.bytes().map_err(wrapped)?;
    canonical::validate(body)?;
    Ok(body)
}

fn structure<'p>(
    fields: &'static [Field],
    from: &mut Decoder<'p>,
    whole: &'p [u8],
    otherwise: FieldsError,
) -> Result<Value<'p>, FieldsError> {
    if from.array().ok().flatten() != Some(fields.len() as u64) {
        return Err(otherwise);
    }
    let values = fields
        .iter()
        .map(|field| optional(field, from, whole))
        .collect::<Result<_, _>>()?;
    Ok(Value::Structure(fields, values))
}

fn optional<'p>(
    field: &'static Field,
    from: &mut Decoder<'p>,
    whole: &'p [u8],
) -> Result<Value<'p>, FieldsError> {
    let mut ahead = from.clone();
    if field.is_nullable && ahead.null().is_ok() {
        *from = ahead;
        return Ok(Value::Null);
    }
    value(field.name, &field.kind, from, whole)
}

/// The depth is that of the registry's words, not of the param.
fn value<'p>(
    name: &'static str,
    kind: &'static Kind,
    from: &mut Decoder<'p>,
    whole: &'p [u8],
) -> Result<Value<'p>, FieldsError> {
    let other = FieldsError::Kind(name);
    let read = match kind {
        Kind::Bool => from.bool().ok().map(Value::Bool),
        Kind::Uint(most) => {
            let number = from.u64().ok().filter(|number| number <= most);
            number.map(Value::Uint)
        }
        Kind::Bytes(len) => {
            let bytes = from.bytes().ok();
            let bytes = bytes.filter(|bytes| len.is_none_or(|len| bytes.len() == len));
            bytes.map(Value::Bytes)
        }
        Kind::Text => from.str().ok().map(Value::Text),
        Kind::Id => {
            let bytes = from.bytes().ok().and_then(|bytes| bytes.try_into().ok());
            bytes.map(|bytes| Value::Id(EntityId::from_bytes(bytes)))
        }
        Kind::List(element) => return list(name, element, from, whole),
        Kind::Structure(fields) => return structure(fields, from, whole, other),
        Kind::Opaque => {
            let start = from.position();
            let skipped = from.skip().ok();
            skipped
                .and_then(|()| whole.get(start..from.position()))
                .map(Value::Opaque)
        }
    };
    read.ok_or(other)
}

fn list<'p>(
    name: &'static str,
    element: &'static Kind,
    from: &mut Decoder<'p>,
    whole: &'p [u8],
) -> Result<Value<'p>, FieldsError> {
    let len = from.array().ok().flatten().ok_or(FieldsError::Kind(name))?;
    if len > LIST_ELEMENTS_MAX as u64 {
        return Err(FieldsError::Long(name));
    }
    let elements = (0..len).map(|_| value(name, element, from, whole));
    elements.collect::<Result<_, _>>().map(Value::List)
}
