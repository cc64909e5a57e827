//! Params by field name, as the registry of message types names them.
//!
//! A param is first held against the one encoding, then against the fields of its type. Of a
//! privileged type the fields are those of the body; the counter and the tag around it belong to
//! the channel and are not shown. Secret types have no fields here.

mod decode;
mod schema;
mod value;

pub use decode::{FieldsError, Params};
pub use schema::{Field, Kind, fields_of};
pub use value::Value;

/// Most elements of a list that are read; a longer one is an error.
pub const LIST_ELEMENTS_MAX: usize = 256;
