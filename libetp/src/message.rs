//! eTP messages: `(src, dst, mtype, param)` behind a header of exactly 34 bytes.

use alloc::vec::Vec;

use crate::id::EntityId;
use crate::limits::{HEADER_LEN, MESSAGE_BYTES_MAX};
use crate::mtype::Mtype;

/// The 34 bytes before every `param`, network byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Who sends.
    pub src: EntityId,
    /// Who is meant.
    pub dst: EntityId,
    /// What format `param` has.
    pub mtype: Mtype,
}

impl Header {
    /// The wire form.
    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..16].copy_from_slice(&self.src.to_bytes());
        bytes[16..32].copy_from_slice(&self.dst.to_bytes());
        bytes[32..].copy_from_slice(&self.mtype.0.to_be_bytes());
        bytes
    }

    /// Reads the wire form.
    pub fn from_bytes(bytes: &[u8; HEADER_LEN]) -> Self {
        let id = |at: usize| {
            let mut id = [0; 16];
            id.copy_from_slice(&bytes[at..at + 16]);
            EntityId::from_bytes(id)
        };
        let mtype = Mtype(u16::from_be_bytes([bytes[32], bytes[33]]));
        Self {
            src: id(0),
            dst: id(16),
            mtype,
        }
    }
}

/// A whole message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Source, destination and type.
    pub header: Header,
    /// The parameters, in the format that the type names.
    pub param: Vec<u8>,
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Shorter than a header.
    #[error("a message has at least 34 bytes, this one has {0}")]
    TooShort(usize),
    /// Longer than [`MESSAGE_BYTES_MAX`].
    #[error("a message has at most 65524 bytes, this one has {0}")]
    TooLong(usize),
}

impl Message {
    /// A message from its parts.
    pub fn new(src: EntityId, dst: EntityId, mtype: Mtype, param: Vec<u8>) -> Self {
        Self {
            header: Header { src, dst, mtype },
            param,
        }
    }

    /// Bytes on the wire.
    pub fn wire_len(&self) -> usize {
        HEADER_LEN + self.param.len()
    }

    /// Appends the wire form.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header.to_bytes());
        out.extend_from_slice(&self.param);
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.wire_len());
        self.write_to(&mut out);
        out
    }

    /// Reads a whole message; `param` is everything after the header.
    ///
    /// # Errors
    /// [`MessageError`] if the length is out of bounds. `param` is not examined.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MessageError> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(MessageError::TooLong(bytes.len()));
        }
        let (header, param) = bytes
            .split_first_chunk()
            .ok_or(MessageError::TooShort(bytes.len()))?;
        Ok(Self {
            header: Header::from_bytes(header),
            param: param.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Domain;
    use alloc::vec;

    #[test]
    fn header_is_34_bytes_big_endian() {
        let id = Domain([2; 12]).entity(crate::Port(0x0102_0304));
        let bytes = Message::new(id, Domain([1; 12]).card(), Mtype(0x0201), vec![0x80]).to_bytes();
        assert_eq!(bytes.len(), 35);
        assert_eq!(&bytes[12..16], &[1, 2, 3, 4]);
        assert_eq!(&bytes[32..], &[2, 1, 0x80]);
        assert_eq!(Message::from_bytes(&bytes).unwrap().to_bytes(), bytes);
    }

    #[test]
    fn length_is_bounded_on_both_sides() {
        assert_eq!(
            Message::from_bytes(&[0; 33]),
            Err(MessageError::TooShort(33))
        );
        assert!(Message::from_bytes(&[0; 34]).is_ok());
        assert!(Message::from_bytes(&vec![0; MESSAGE_BYTES_MAX]).is_ok());
        let past = MESSAGE_BYTES_MAX + 1;
        assert_eq!(
            Message::from_bytes(&vec![0; past]),
            Err(MessageError::TooLong(past))
        );
    }
}
