//! The codec for plain values.

use alloc::string::String;
use alloc::vec::Vec;

use super::{CodecError, Decode, Decoder, Encode, Encoder};
use crate::id::{Domain, EntityId, Port};
use crate::mtype::Mtype;

/// An array of any number of equal elements. (`Vec<u8>` is a byte string.)
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct List<T>(pub Vec<T>);

/// `minicbor` can only fail to encode when its writer fails; a `Vec` does not.
pub(super) trait Written {
    fn written(self);
}

impl<T, E> Written for Result<T, E> {
    fn written(self) {
        debug_assert!(self.is_ok(), "writing to a Vec cannot fail");
    }
}

macro_rules! integer {
    ($($type:ty => $method:ident),*) => {$(
        impl Encode for $type {
            fn encode(&self, to: &mut Encoder) {
                to.$method(*self).written();
            }
        }
        impl Decode for $type {
            fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
                from.$method().map_err(|_| CodecError::Schema(concat!("expected ", stringify!($type))))
            }
        }
    )*};
}

integer!(u8 => u8, u16 => u16, u32 => u32, u64 => u64, i64 => i64, bool => bool);

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, to: &mut Encoder) {
        to.bytes(self).written();
    }
}

impl<const N: usize> Decode for [u8; N] {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let bytes = from
            .bytes()
            .map_err(|_| CodecError::Schema("expected a byte string"))?;
        bytes
            .try_into()
            .map_err(|_| CodecError::Schema("byte string of another length"))
    }
}

impl Encode for [u8] {
    fn encode(&self, to: &mut Encoder) {
        to.bytes(self).written();
    }
}

impl Encode for Vec<u8> {
    fn encode(&self, to: &mut Encoder) {
        self.as_slice().encode(to);
    }
}

impl Decode for Vec<u8> {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
        from.bytes()
            .map(<[u8]>::to_vec)
            .map_err(|_| CodecError::Schema("expected a byte string"))
    }
}

impl Encode for str {
    fn encode(&self, to: &mut Encoder) {
        to.str(self).written();
    }
}

impl Encode for String {
    fn encode(&self, to: &mut Encoder) {
        self.as_str().encode(to);
    }
}

impl Decode for String {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
        from.str()
            .map(Into::into)
            .map_err(|_| CodecError::Schema("expected text"))
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Some(value) => value.encode(to),
            None => to.null().written(),
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let next = from
            .datatype()
            .map_err(|_| CodecError::Schema("expected an item"))?;
        if next == minicbor::data::Type::Null {
            from.skip()
                .map_err(|_| CodecError::Schema("expected null"))?;
            return Ok(None);
        }
        T::decode(from).map(Some)
    }
}

impl<T: Encode> Encode for List<T> {
    fn encode(&self, to: &mut Encoder) {
        to.array(self.0.len() as u64).written();
        self.0.iter().for_each(|element| element.encode(to));
    }
}

impl<T: Decode> Decode for List<T> {
    fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let len = from
            .array()
            .ok()
            .flatten()
            .ok_or(CodecError::Schema("expected an array"))?;
        (0..len)
            .map(|_| T::decode(from))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, to: &mut Encoder) {
        (*self).encode(to);
    }
}

macro_rules! through {
    ($($type:ty as $inner:ty: $into:expr, $from:expr;)*) => {$(
        impl Encode for $type {
            fn encode(&self, to: &mut Encoder) {
                let into: fn(&$type) -> $inner = $into;
                into(self).encode(to);
            }
        }
        impl Decode for $type {
            fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError> {
                <$inner>::decode(from).map($from)
            }
        }
    )*};
}

through! {
    Domain as [u8; 12]: |domain| domain.0, Domain;
    Port as u32: |port| port.0, Port;
    EntityId as [u8; 16]: |id| id.to_bytes(), EntityId::from_bytes;
    Mtype as u16: |mtype| mtype.0, Mtype;
}
