//! Frames of the application socket: `u32 length | u8 kind | u64 number | body`, big endian.
//!
//! `length` counts what follows it. `number` is chosen by the sender of the frame, increasing;
//! an answer repeats the number of what it answers, a [`kind::TAKEN`] that of the delivery.
//! The whole protocol is described in `docs/protocol/socket.md`.

pub mod body;

use alloc::vec::Vec;

use crate::limits::FRAME_BYTES_MAX;

/// Bytes before the body: length, kind, number.
pub const PREFIX_LEN: usize = 13;
/// Version of this protocol, said in `HELLO` and `WELCOME`.
pub const VERSION: u8 = 1;

/// Kinds of frames. Those of a program are below 0x80, those of the daemon above.
pub mod kind {
    /// `[version, name]`: first frame of a program.
    pub const HELLO: u8 = 0x01;
    /// `[domain?, durable]`: acquire an id.
    pub const ACQUIRE: u8 = 0x02;
    /// `[id, secret]`: take a durable capability up again.
    pub const RESUME: u8 = 0x03;
    /// `[destinations?, mtypes?]`: make a narrower, send-only capability for another program.
    pub const DERIVE: u8 = 0x04;
    /// `[token]`: become a derived capability.
    pub const ADOPT: u8 = 0x05;
    /// `[]`: end the capability for ever; answered by `RELEASED`.
    pub const RELEASE: u8 = 0x06;
    /// `dst 16 | mtype 2 | param`: send a message; the daemon stamps the source.
    pub const SEND: u8 = 0x07;
    /// Empty: answered by `FLUSHED` when every message sent before is routed or refused.
    pub const FLUSH: u8 = 0x08;
    /// Empty: the delivery `number` and all before it are taken.
    pub const TAKEN: u8 = 0x09;
    /// A control request, CBOR; answered by `CONTROL_REPLY`.
    pub const CONTROL: u8 = 0x0A;

    /// `[version, software]`: answer to `HELLO`.
    pub const WELCOME: u8 = 0x81;
    /// `[id, secret?, resumed]`: answer to `ACQUIRE`, `RESUME` and `ADOPT`.
    pub const ACQUIRED: u8 = 0x82;
    /// `[token]`: answer to `DERIVE`.
    pub const DERIVED: u8 = 0x84;
    /// `origin 1 | message`: a message for this id.
    pub const DELIVER: u8 = 0x87;
    /// Empty: answer to `FLUSH`.
    pub const FLUSHED: u8 = 0x88;
    /// Answer to `CONTROL`.
    pub const CONTROL_REPLY: u8 = 0x8A;
    /// Empty: answer to `RELEASE`.
    pub const RELEASED: u8 = 0x8B;
    /// `[code, detail]`: what became of the message or request `number`.
    pub const VERDICT: u8 = 0x8E;
    /// `[reason, detail]`: the daemon closes the connection.
    pub const CLOSING: u8 = 0x8F;
}

/// A frame as it lies in a read buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// One of [`kind`].
    pub kind: u8,
    /// See the module's head.
    pub number: u64,
    /// In the format that `kind` names.
    pub body: &'b [u8],
}

/// Why bytes are not a frame. The connection that sent them is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length is less than kind and number take.
    #[error("frame of {0} bytes is shorter than its fixed part")]
    TooShort(u32),
    /// The length is more than the largest message takes.
    #[error("frame of {0} bytes is longer than the largest message")]
    TooLong(u32),
}

/// Reads the first frame of a buffer; with it, how many bytes it took.
///
/// # Errors
/// [`FrameError`] as soon as the length is known to be out of bounds. `Ok(None)` asks for more bytes.
pub fn parse(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>, FrameError> {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length);
    if (length as usize) < PREFIX_LEN - 4 {
        return Err(FrameError::TooShort(length));
    }
    if length as usize > PREFIX_LEN - 4 + FRAME_BYTES_MAX {
        return Err(FrameError::TooLong(length));
    }
    let Some(frame) = rest.get(..length as usize) else {
        return Ok(None);
    };
    let mut number = [0; 8];
    number.copy_from_slice(&frame[1..9]);
    let frame = Frame {
        kind: frame[0],
        number: u64::from_be_bytes(number),
        body: &frame[9..],
    };
    Ok(Some((frame, 4 + length as usize)))
}

/// Appends a frame whose body is given in pieces.
pub fn write(out: &mut Vec<u8>, kind: u8, number: u64, body: &[&[u8]]) {
    let body_len: usize = body.iter().map(|piece| piece.len()).sum();
    debug_assert!(body_len <= FRAME_BYTES_MAX);
    let length = (PREFIX_LEN - 4 + body_len) as u32;
    out.reserve(PREFIX_LEN + body_len);
    out.extend_from_slice(&length.to_be_bytes());
    out.push(kind);
    out.extend_from_slice(&number.to_be_bytes());
    body.iter().for_each(|piece| out.extend_from_slice(piece));
}

crate::codes::codes! {
    /// Where a delivered message entered the table; first byte of [`kind::DELIVER`].
    pub enum Origin: u8, from_u8 {
        /// A local program.
        App = 0, "app";
        /// A local card.
        Card = 1, "card";
        /// Another host.
        Remote = 2, "remote";
        /// The daemon itself.
        Host = 3, "host";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_frame_reads_back_from_any_split() {
        let mut bytes = Vec::new();
        write(&mut bytes, kind::SEND, 7, &[b"ab", b"c"]);
        for end in 0..bytes.len() {
            assert_eq!(parse(&bytes[..end]), Ok(None));
        }
        bytes.push(0xff);
        let (frame, used) = parse(&bytes).unwrap().unwrap();
        assert_eq!(
            (frame.kind, frame.number, frame.body),
            (kind::SEND, 7, &b"abc"[..])
        );
        assert_eq!(used, bytes.len() - 1);
    }

    #[test]
    fn length_is_bounded_before_anything_is_buffered() {
        let max = (PREFIX_LEN - 4 + FRAME_BYTES_MAX) as u32;
        assert_eq!(parse(&8u32.to_be_bytes()), Err(FrameError::TooShort(8)));
        assert_eq!(parse(&9u32.to_be_bytes()), Ok(None));
        assert_eq!(parse(&max.to_be_bytes()), Ok(None));
        assert_eq!(
            parse(&(max + 1).to_be_bytes()),
            Err(FrameError::TooLong(max + 1))
        );
        let mut largest = Vec::new();
        write(&mut largest, kind::SEND, 0, &[&vec![0; FRAME_BYTES_MAX]]);
        assert!(parse(&largest).unwrap().is_some());
    }
}
