//! Frames of the card socket, as bytes.
//!
//! They are the frames of the application socket (`u32 length | u8 kind | u64 number | body`) with
//! kinds of their own.

use libetp::codec::{self, CodecError, Decode};
use libetp::frame::{self, Frame, FrameError};

use super::{
    COMMAND_BYTES_MAX, COMMAND_BYTES_MIN, RESPONSE_BYTES_MAX, SAID_FRAMES_MAX, WORDS_BYTES_MAX,
};

/// Version of this protocol, said in `HELLO` and `PRESENT`.
pub(super) const VERSION: u8 = 1;

const HELLO: u8 = 0x01;
const TRANSMIT: u8 = 0x02;
const RESET: u8 = 0x03;
const PRESENT: u8 = 0x81;
const RESPONSE: u8 = 0x82;
const POWERED: u8 = 0x83;
const ABSENT: u8 = 0x84;
const FAILED: u8 = 0x8E;

/// What the daemon says. An answer repeats the number of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request<'b> {
    /// The first frame: power the card up.
    Hello {
        /// Version of the protocol.
        version: u8,
        /// Name and version of the daemon.
        software: String,
    },
    /// A command APDU for the card.
    Transmit(&'b [u8]),
    /// Take the card's power and give it back.
    Reset,
}

/// What the process says that serves the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<'b> {
    /// To `HELLO`: the card has power. With number 0, by itself: there is a card, which has just got
    /// power.
    Present(Present),
    /// To `TRANSMIT`: the response APDU.
    Response(&'b [u8]),
    /// To `RESET`: the card has power again.
    Powered,
    /// Instead of any answer, or by itself with number 0: there is no card now. The connection stays.
    Absent(Absent),
    /// Instead of any answer; or, with number 0, by itself.
    Failed(Failed),
}

libetp::structure! {
    /// The card has power.
    pub struct Present {
        /// Version of the protocol.
        pub version: u8,
        /// Who serves the card and where: program, version, reader. For people.
        pub server: String,
        /// Longest command in bytes that reaches the card.
        pub command_bytes_max: u32,
    }

    /// There is no card now.
    pub struct Absent {
        /// Words for people.
        pub detail: String,
    }

    /// There is no answer.
    pub struct Failed {
        /// A [`Reason`].
        pub reason: u8,
        /// Words for people.
        pub detail: String,
    }

    struct Hello {
        version: u8,
        software: String,
    }
}

/// Why there is no answer. The numbers are part of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// The response was lost; the card may have carried the command out.
    Lost = 1,
    /// The card was reset, by somebody else or by a power cut, and has power again.
    Reset = 2,
    /// There is no card any more, and none will come.
    Gone = 3,
    /// Another daemon is served.
    Busy = 4,
    /// This user may not use the card.
    Forbidden = 5,
    /// Another version of this protocol.
    Version = 6,
    /// Bytes that this protocol does not have, or not there.
    Protocol = 7,
}

impl Reason {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Lost,
        Self::Reset,
        Self::Gone,
        Self::Busy,
        Self::Forbidden,
        Self::Version,
        Self::Protocol,
    ];

    /// The one of a number, if there is one.
    pub fn from_u8(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| *reason as u8 == number)
    }
}

impl Absent {
    /// Words, cut where they are too long.
    pub fn new(detail: &str) -> Self {
        Self {
            detail: plain(detail),
        }
    }
}

impl Failed {
    /// A reason and words, cut where they are too long.
    pub fn new(reason: Reason, detail: &str) -> Self {
        Self {
            reason: reason as u8,
            detail: plain(detail),
        }
    }
}

/// Why bytes are not what the protocol has. The connection is of no more use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A kind of frame that this side is not sent, or not there.
    #[error("unexpected frame of kind 0x{0:02x}")]
    Unexpected(u8),
    /// The body is not what the kind demands.
    #[error("body of a frame of kind 0x{kind:02x}: {error}")]
    Body {
        /// Which kind.
        kind: u8,
        /// What is wrong.
        error: CodecError,
    },
    /// A body that should be empty or within a limit.
    #[error("frame of kind 0x{kind:02x} with a body of {len} bytes, at most {max} are possible")]
    Length {
        /// Which kind.
        kind: u8,
        /// Bytes of the body.
        len: usize,
        /// Most bytes.
        max: usize,
    },
    /// A way that carries less than the shortest that is of use.
    #[error("a way for commands of {0} bytes, at least {COMMAND_BYTES_MIN} are needed")]
    Narrow(u32),
    /// A reason that does not exist.
    #[error("a failure for reason {0}, which does not exist")]
    Reason(u8),
    /// More than anybody has to say before an answer.
    #[error("more than {SAID_FRAMES_MAX} frames in place of an answer")]
    Flood,
    /// An answer with another number than its request.
    #[error("an answer to frame {got} where one to frame {expected} was due")]
    Number {
        /// The request's.
        expected: u64,
        /// The answer's.
        got: u64,
    },
}

impl<'b> Request<'b> {
    /// Appends it as a frame.
    pub fn write(&self, out: &mut Vec<u8>, number: u64) {
        match self {
            Self::Hello { version, software } => {
                let hello = Hello {
                    version: *version,
                    software: software.clone(),
                };
                frame::write(out, HELLO, number, &[&codec::to_vec(&hello)]);
            }
            Self::Transmit(command) => frame::write(out, TRANSMIT, number, &[command]),
            Self::Reset => frame::write(out, RESET, number, &[]),
        }
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`WireError`] if it is none of the daemon's.
    pub fn read(frame: &Frame<'b>) -> Result<Self, WireError> {
        match frame.kind {
            HELLO => {
                let Hello { version, software } = body(frame)?;
                let software = within_words(frame.kind, software)?;
                Ok(Self::Hello { version, software })
            }
            TRANSMIT => within(frame, COMMAND_BYTES_MAX).map(Self::Transmit),
            RESET => within(frame, 0).map(|_| Self::Reset),
            kind => Err(WireError::Unexpected(kind)),
        }
    }
}

impl<'b> Answer<'b> {
    /// Appends it as a frame.
    pub fn write(&self, out: &mut Vec<u8>, number: u64) {
        match self {
            Self::Present(present) => {
                frame::write(out, PRESENT, number, &[&codec::to_vec(present)]);
            }
            Self::Response(response) => frame::write(out, RESPONSE, number, &[response]),
            Self::Powered => frame::write(out, POWERED, number, &[]),
            Self::Absent(absent) => frame::write(out, ABSENT, number, &[&codec::to_vec(absent)]),
            Self::Failed(failed) => frame::write(out, FAILED, number, &[&codec::to_vec(failed)]),
        }
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// [`WireError`] if it is none of a process that serves a card.
    pub fn read(frame: &Frame<'b>) -> Result<Self, WireError> {
        match frame.kind {
            PRESENT => present(frame).map(Self::Present),
            RESPONSE => within(frame, RESPONSE_BYTES_MAX).map(Self::Response),
            POWERED => within(frame, 0).map(|_| Self::Powered),
            ABSENT => absent(frame).map(Self::Absent),
            FAILED => failed(frame).map(Self::Failed),
            kind => Err(WireError::Unexpected(kind)),
        }
    }
}

fn present(frame: &Frame<'_>) -> Result<Present, WireError> {
    let present: Present = body(frame)?;
    if (present.command_bytes_max as usize) < COMMAND_BYTES_MIN {
        return Err(WireError::Narrow(present.command_bytes_max));
    }
    let server = within_words(frame.kind, present.server)?;
    Ok(Present { server, ..present })
}

fn absent(frame: &Frame<'_>) -> Result<Absent, WireError> {
    let Absent { detail } = body(frame)?;
    let detail = within_words(frame.kind, detail)?;
    Ok(Absent { detail })
}

fn failed(frame: &Frame<'_>) -> Result<Failed, WireError> {
    let Failed { reason, detail } = body(frame)?;
    if Reason::from_u8(reason).is_none() {
        return Err(WireError::Reason(reason));
    }
    let detail = within_words(frame.kind, detail)?;
    Ok(Failed { reason, detail })
}

fn body<T: Decode>(frame: &Frame<'_>) -> Result<T, WireError> {
    let kind = frame.kind;
    codec::from_slice(frame.body).map_err(|error| WireError::Body { kind, error })
}

fn within<'b>(frame: &Frame<'b>, max: usize) -> Result<&'b [u8], WireError> {
    let (kind, len) = (frame.kind, frame.body.len());
    match len <= max {
        true => Ok(frame.body),
        false => Err(WireError::Length { kind, len, max }),
    }
}

fn within_words(kind: u8, words: String) -> Result<String, WireError> {
    let (len, max) = (words.len(), WORDS_BYTES_MAX);
    match len <= max {
        true => Ok(words),
        false => Err(WireError::Length { kind, len, max }),
    }
}

/// Words as they may be shown and sent: without control characters, cut at the limit.
pub(super) fn plain(words: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut words: String = words.chars().map(shown).collect();
    words.truncate(words.floor_char_boundary(WORDS_BYTES_MAX));
    words
}
