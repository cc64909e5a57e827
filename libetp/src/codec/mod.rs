//! One encoding for every `param` and every hashed or signed structure: CBOR arrays in core
//! deterministic encoding (RFC 8949, section 4.2.1), with fewer kinds of items than CBOR has.
//!
//! Allowed are unsigned and negative integers in their shortest form, byte strings, text,
//! arrays of definite length, `true`, `false` and `null`. A structure is an array of exactly its
//! fields in the order given; an absent field is `null` and is never left out. [`canonical`]
//! refuses every other form *before* anything is decoded, so a value has one encoding only.
//!
//! [`Encode`] and [`Decode`] stand in front of `minicbor`'s encoder and decoder. Its derive macros
//! are not used: in array form they drop trailing `null`s and accept surplus elements.

pub mod canonical;
mod impls;
mod structure;

use alloc::vec::Vec;

pub use canonical::CanonicalError;
pub use impls::List;
#[doc(hidden)]
pub use structure::{enter_structure, open_structure};

/// Where [`Encode`] writes.
pub type Encoder = minicbor::Encoder<Vec<u8>>;
/// Where [`Decode`] reads.
pub type Decoder<'b> = minicbor::Decoder<'b>;

/// A value with one deterministic encoding.
pub trait Encode {
    /// Appends the encoding.
    fn encode(&self, to: &mut Encoder);
}

/// A value that can be read back.
pub trait Decode: Sized {
    /// Reads one value.
    ///
    /// # Errors
    /// [`CodecError::Schema`] if the item has another type, length or range than the value.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, CodecError>;
}

/// Why bytes are not the expected value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Not in core deterministic encoding, or with items that the codec does not allow.
    #[error("not canonical: {0}")]
    Canonical(#[from] CanonicalError),
    /// Canonical, but not the expected structure.
    #[error("unexpected structure: {0}")]
    Schema(&'static str),
}

/// Encodes a value.
pub fn to_vec(value: &(impl Encode + ?Sized)) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    value.encode(&mut encoder);
    encoder.into_writer()
}

/// Validates the whole input, then decodes it.
///
/// # Errors
/// [`CodecError::Canonical`] for any other form of encoding and for trailing bytes;
/// [`CodecError::Schema`] for another structure.
pub fn from_slice<T: Decode>(bytes: &[u8]) -> Result<T, CodecError> {
    canonical::validate(bytes)?;
    T::decode(&mut Decoder::new(bytes))
}

#[cfg(test)]
mod tests;
