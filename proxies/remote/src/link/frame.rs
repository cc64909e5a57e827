//! Frames of a link: `u32 length | u8 kind | body`, big endian. `length` counts what follows it.
//!
//! [`FrameReader`] cuts a stream into frames. It judges length and kind as soon as they are
//! there, before it buffers a body, and never holds more than one incomplete frame.

use libetp::limits::MESSAGE_BYTES_MAX;

use super::error::{LinkError, LinkFault};

/// Bytes of the length.
pub const LENGTH_LEN: usize = 4;
/// Bytes before the message in a message frame's body: sequence and number.
pub const MESSAGE_PREFIX_LEN: usize = 16;
/// Largest `length` on a lane: kind, prefix and the largest message.
pub const LANE_FRAME_BYTES_MAX: usize = 1 + MESSAGE_PREFIX_LEN + MESSAGE_BYTES_MAX;
/// Largest `length` on the control stream.
pub const CONTROL_FRAME_BYTES_MAX: usize = 4_096;

/// Kinds of frames. Those of the control stream are below 0x10, those of lanes from there.
pub mod kind {
    /// `[version, incarnation, peer_incarnation?, received]`: first frame in each direction.
    pub const HELLO: u8 = 0x01;
    /// `[channel, sequence]`: everything up to there was received.
    pub const ACK: u8 = 0x02;
    /// `[sequence, src, dst, mtype, digest, number, code, detail]`: what became of a message.
    pub const VERDICT: u8 = 0x03;
    /// `[domain, nonce]`: have the domain's card state its home.
    pub const WANT_STATEMENT: u8 = 0x04;
    /// `[domain, statement?]`: the answer.
    pub const STATEMENT: u8 = 0x05;
    /// `[code, detail]`: the sender ends the link and takes no more messages.
    pub const CLOSING: u8 = 0x06;
    /// `lane 1`: first frame of a message stream.
    pub const LANE: u8 = 0x10;
    /// `sequence 8 | number 8 | message`.
    pub const MESSAGE: u8 = 0x11;
}

/// Which kinds and lengths a stream may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// The one bidirectional stream.
    Control,
    /// A unidirectional stream of messages.
    Lane,
}

impl StreamKind {
    fn knows(self, kind: u8) -> bool {
        match self {
            Self::Control => (kind::HELLO..=kind::CLOSING).contains(&kind),
            Self::Lane => (kind::LANE..=kind::MESSAGE).contains(&kind),
        }
    }

    fn bytes_max(self) -> usize {
        match self {
            Self::Control => CONTROL_FRAME_BYTES_MAX,
            Self::Lane => LANE_FRAME_BYTES_MAX,
        }
    }
}

/// A frame as it lies in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// One of [`kind`].
    pub kind: u8,
    /// In the format that `kind` names.
    pub body: &'b [u8],
}

/// Reads the first frame; with it, how many bytes it took. `Ok(None)` asks for more bytes.
///
/// # Errors
/// [`LinkError::FrameTooShort`], [`LinkError::FrameTooLong`] as soon as the length is there,
/// [`LinkError::FrameKind`] as soon as the kind is.
pub fn parse(bytes: &[u8], stream: StreamKind) -> Result<Option<(Frame<'_>, usize)>, LinkFault> {
    let Some((length, rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length) as usize;
    check_length(length, stream)?;
    let Some(&kind) = rest.first() else {
        return Ok(None);
    };
    if !stream.knows(kind) {
        let detail = format!("kind 0x{kind:02x} on a stream of kind {stream:?}");
        return Err(LinkFault::new(LinkError::FrameKind, detail));
    }
    let frame = rest.get(1..length).map(|body| Frame { kind, body });
    Ok(frame.map(|frame| (frame, LENGTH_LEN + length)))
}

fn check_length(length: usize, stream: StreamKind) -> Result<(), LinkFault> {
    if length == 0 {
        return Err(LinkFault::new(LinkError::FrameTooShort, "0 bytes, no kind"));
    }
    if length > stream.bytes_max() {
        let detail = format!("{length} bytes, at most {}", stream.bytes_max());
        return Err(LinkFault::new(LinkError::FrameTooLong, detail));
    }
    Ok(())
}

/// Appends a frame whose body is given in pieces.
pub fn write(out: &mut Vec<u8>, kind: u8, body: &[&[u8]]) {
    let length = 1 + body.iter().map(|piece| piece.len()).sum::<usize>();
    debug_assert!(
        length <= LANE_FRAME_BYTES_MAX,
        "senders check their messages"
    );
    out.reserve(LENGTH_LEN + length);
    out.extend_from_slice(&(length as u32).to_be_bytes());
    out.push(kind);
    body.iter().for_each(|piece| out.extend_from_slice(piece));
}

/// Cuts a stream into frames.
#[derive(Debug)]
pub struct FrameReader {
    stream: StreamKind,
    /// The beginning of a frame that is not complete.
    partial: Vec<u8>,
}

impl FrameReader {
    /// A reader at the beginning of a stream.
    pub fn new(stream: StreamKind) -> Self {
        Self {
            stream,
            partial: Vec::new(),
        }
    }

    /// Whether the stream may end here without cutting a frame.
    pub fn at_boundary(&self) -> bool {
        self.partial.is_empty()
    }

    /// Takes the next bytes and hands every frame that they complete to `on_frame`.
    ///
    /// # Errors
    /// Those of [`parse`] and of `on_frame`; the stream is then of no more use.
    pub fn feed(
        &mut self,
        mut bytes: &[u8],
        on_frame: &mut dyn FnMut(Frame<'_>) -> Result<(), LinkFault>,
    ) -> Result<(), LinkFault> {
        bytes = self.complete_partial(bytes, on_frame)?;
        while let Some((frame, used)) = parse(bytes, self.stream)? {
            on_frame(frame)?;
            bytes = &bytes[used..];
        }
        self.partial.extend_from_slice(bytes);
        Ok(())
    }

    /// Fills the incomplete frame up from `bytes`, no further; returns what is left of them.
    fn complete_partial<'b>(
        &mut self,
        mut bytes: &'b [u8],
        on_frame: &mut dyn FnMut(Frame<'_>) -> Result<(), LinkFault>,
    ) -> Result<&'b [u8], LinkFault> {
        while !self.partial.is_empty() && !bytes.is_empty() {
            let missing = self.missing().min(bytes.len());
            self.partial.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if let Some((frame, _)) = parse(&self.partial, self.stream)? {
                on_frame(frame)?;
                self.partial.clear();
            }
        }
        Ok(bytes)
    }

    /// How many bytes the incomplete frame, or as yet its length and kind, still lacks.
    fn missing(&self) -> usize {
        let whole = match self.partial.first_chunk() {
            Some(length) if self.partial.len() > LENGTH_LEN => {
                LENGTH_LEN + u32::from_be_bytes(*length) as usize
            }
            _ => LENGTH_LEN + 1,
        };
        whole - self.partial.len()
    }
}

/// The body of a message frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageFrame<'b> {
    /// Increases along the lane.
    pub sequence: u64,
    /// The sender's own, given back with a verdict.
    pub number: u64,
    /// The wire form of an eTP message.
    pub message: &'b [u8],
}

impl<'b> MessageFrame<'b> {
    /// Reads the body. The message is not examined.
    ///
    /// # Errors
    /// [`LinkError::FrameBody`] if it is too short, [`LinkError::Sequence`] for sequence zero.
    pub fn parse(body: &'b [u8]) -> Result<Self, LinkFault> {
        let short = || LinkFault::new(LinkError::FrameBody, "message frame without its prefix");
        let (sequence, rest) = body.split_first_chunk().ok_or_else(short)?;
        let (number, message) = rest.split_first_chunk().ok_or_else(short)?;
        let sequence = u64::from_be_bytes(*sequence);
        if sequence == 0 {
            return Err(LinkFault::new(
                LinkError::Sequence,
                "a message with sequence 0",
            ));
        }
        Ok(Self {
            sequence,
            number: u64::from_be_bytes(*number),
            message,
        })
    }

    /// Appends the whole frame.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let prefix = [self.sequence.to_be_bytes(), self.number.to_be_bytes()];
        write(out, kind::MESSAGE, &[prefix.as_flattened(), self.message]);
    }
}

/// Reads the body of a [`kind::LANE`] frame.
///
/// # Errors
/// [`LinkError::FrameBody`] if it is not one byte, [`LinkError::Lane`] if there is no such lane.
pub fn parse_lane(body: &[u8]) -> Result<usize, LinkFault> {
    match body {
        [lane] if usize::from(*lane) < crate::limits::LANES => Ok((*lane).into()),
        [lane] => Err(LinkFault::new(LinkError::Lane, format!("no lane {lane}"))),
        _ => Err(LinkFault::new(LinkError::FrameBody, "a lane is one byte")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8], stream: StreamKind) -> LinkError {
        parse(bytes, stream).unwrap_err().error
    }

    #[test]
    fn length_and_kind_are_judged_before_a_body_is_buffered() {
        let max = (LANE_FRAME_BYTES_MAX as u32).to_be_bytes();
        let past = (LANE_FRAME_BYTES_MAX as u32 + 1).to_be_bytes();
        assert_eq!(parse(&max, StreamKind::Lane), Ok(None));
        assert_eq!(error(&past, StreamKind::Lane), LinkError::FrameTooLong);
        let max = (CONTROL_FRAME_BYTES_MAX as u32).to_be_bytes();
        let past = (CONTROL_FRAME_BYTES_MAX as u32 + 1).to_be_bytes();
        assert_eq!(parse(&max, StreamKind::Control), Ok(None));
        assert_eq!(error(&past, StreamKind::Control), LinkError::FrameTooLong);
        assert_eq!(error(&[0; 4], StreamKind::Lane), LinkError::FrameTooShort);
        let lane = [0, 0, 0, 2, kind::LANE];
        assert_eq!(parse(&lane, StreamKind::Lane), Ok(None));
        assert_eq!(error(&lane, StreamKind::Control), LinkError::FrameKind);
        let hello = [0, 0, 0, 2, kind::HELLO];
        assert_eq!(error(&hello, StreamKind::Lane), LinkError::FrameKind);
    }

    #[test]
    fn a_stream_reads_the_same_however_it_is_cut() {
        let mut bytes = Vec::new();
        write(&mut bytes, kind::LANE, &[&[3]]);
        for sequence in 1..4 {
            let frame = MessageFrame {
                sequence,
                number: 9,
                message: &vec![0; sequence as usize * 40],
            };
            frame.write_to(&mut bytes);
        }
        for size in 1..bytes.len() {
            let mut reader = FrameReader::new(StreamKind::Lane);
            let mut again = Vec::new();
            for piece in bytes.chunks(size) {
                let fed = reader.feed(piece, &mut |frame| {
                    write(&mut again, frame.kind, &[frame.body]);
                    Ok(())
                });
                assert_eq!(fed, Ok(()));
            }
            assert!(reader.at_boundary());
            assert_eq!(again, bytes, "cut every {size} bytes");
        }
    }

    #[test]
    fn a_cut_frame_is_never_handed_on() {
        let mut bytes = Vec::new();
        write(&mut bytes, kind::MESSAGE, &[&[1; 60]]);
        for end in 1..bytes.len() {
            let mut reader = FrameReader::new(StreamKind::Lane);
            let fed = reader.feed(&bytes[..end], &mut |_| panic!("incomplete"));
            assert_eq!(fed, Ok(()));
            assert!(!reader.at_boundary());
        }
    }

    #[test]
    fn bodies_of_lanes_are_strict() {
        assert_eq!(parse_lane(&[3]), Ok(3));
        assert_eq!(parse_lane(&[4]).unwrap_err().error, LinkError::Lane);
        assert_eq!(parse_lane(&[]).unwrap_err().error, LinkError::FrameBody);
        assert_eq!(parse_lane(&[1, 2]).unwrap_err().error, LinkError::FrameBody);
        let short = MessageFrame::parse(&[1; 15]).unwrap_err().error;
        assert_eq!(short, LinkError::FrameBody);
        let zero = MessageFrame::parse(&[0; 60]).unwrap_err().error;
        assert_eq!(zero, LinkError::Sequence);
    }
}
