//! Structures as arrays of exactly their fields.

/// Declares a struct and its codec: an array of its fields in the order written.
///
/// ```
/// libetp::structure! {
///     /// A ping.
///     pub struct Ping {
///         /// What comes back.
///         pub nonce: [u8; 4],
///         /// Said to people.
///         pub note: Option<String>,
///     }
/// }
/// let bytes = libetp::codec::to_vec(&Ping { nonce: *b"abcd", note: None });
/// assert_eq!(bytes, [0x82, 0x44, b'a', b'b', b'c', b'd', 0xf6]);
/// ```
#[macro_export]
macro_rules! structure {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty),* $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type),*
        }

        $crate::structure_codec!($name { $($field),* });
    )*};
}

/// As [`structure!`](crate::structure), for what nobody may see printed: `Debug` shows the name only.
#[macro_export]
macro_rules! secret_structure {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty),* $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type),*
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }

        $crate::structure_codec!($name { $($field),* });
    )*};
}

/// The codec of a structure. For [`structure!`](crate::structure).
#[doc(hidden)]
#[macro_export]
macro_rules! structure_codec {
    ($name:ident { $($field:ident),* }) => {
        impl $name {
            const FIELDS: u64 = <[&str]>::len(&[$(stringify!($field)),*]) as u64;
        }

        impl $crate::codec::Encode for $name {
            fn encode(&self, to: &mut $crate::codec::Encoder) {
                $crate::codec::open_structure(to, Self::FIELDS);
                $($crate::codec::Encode::encode(&self.$field, to);)*
            }
        }

        impl $crate::codec::Decode for $name {
            fn decode(
                from: &mut $crate::codec::Decoder<'_>,
            ) -> Result<Self, $crate::codec::CodecError> {
                $crate::codec::enter_structure(from, Self::FIELDS)?;
                Ok(Self { $($field: $crate::codec::Decode::decode(from)?),* })
            }
        }
    };
}

use super::impls::Written;
use super::{CodecError, Decoder, Encoder};

/// Starts an array of `fields` elements. For [`structure!`](crate::structure).
#[doc(hidden)]
pub fn open_structure(to: &mut Encoder, fields: u64) {
    to.array(fields).written();
}

/// Expects an array of exactly `fields` elements. For [`structure!`](crate::structure).
#[doc(hidden)]
pub fn enter_structure(from: &mut Decoder<'_>, fields: u64) -> Result<(), CodecError> {
    match from.array() {
        Ok(Some(len)) if len == fields => Ok(()),
        Ok(_) => Err(CodecError::Schema("array with another number of fields")),
        Err(_) => Err(CodecError::Schema("expected an array")),
    }
}
