//! A value of a field.

use libetp::EntityId;

use super::Field;

/// A value of a field; bytes and text are those of the param.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'p> {
    /// The field is absent.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Uint(u64),
    /// Bytes.
    Bytes(&'p [u8]),
    /// Text.
    Text(&'p str),
    /// An entity id.
    Id(EntityId),
    /// Equal values.
    List(Vec<Value<'p>>),
    /// Fields, and their values in the same order.
    Structure(&'static [Field], Vec<Value<'p>>),
    /// The encoding of one item.
    Opaque(&'p [u8]),
}

impl Value<'_> {
    /// The value at a path of field names within structures.
    pub fn at<'n>(&self, mut path: impl Iterator<Item = &'n str>) -> Option<&Self> {
        path.try_fold(self, |value, name| match value {
            Self::Structure(fields, values) => {
                let place = fields.iter().position(|field| field.name == name)?;
                values.get(place)
            }
            _ => None,
        })
    }
}
