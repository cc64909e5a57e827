//! What can go wrong for a program, as types.

use std::io;
use std::path::PathBuf;

use super::session::Sent;
use crate::codec::CodecError;
use crate::frame::FrameError;
use crate::frame::body::RequestError;
use crate::local::{ConnectError, Distrust};
use crate::mtype::Mtype;
use crate::params::runtime::RefusalCode;
use crate::verdict::{Fault, Verdict};

/// What became of a message that was not delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("message {number}{} was not delivered: {verdict}", sent_text(sent))]
pub struct Undelivered {
    /// Number that `send` returned.
    pub number: u64,
    /// What it was; `None` if it was sent too long ago to be remembered.
    pub sent: Option<Sent>,
    /// Why.
    pub verdict: Verdict,
}

/// Why a daemon's bytes are not the protocol. The connection is of no more use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// Not a frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A frame of a kind that a daemon does not send, or not now.
    #[error("unexpected frame of kind 0x{0:02x}")]
    Unexpected(u8),
    /// A frame whose body is not what its kind demands.
    #[error("body of a frame of kind 0x{kind:02x}: {error}")]
    Body {
        /// Which kind.
        kind: u8,
        /// What is wrong.
        error: CodecError,
    },
    /// A delivery that is not a message, or of an origin that does not exist.
    #[error("a delivery is not a message")]
    Delivery,
    /// A delivery whose number is not the next.
    #[error("delivery {got} came where {expected} was due")]
    DeliveryNumber {
        /// What was due.
        expected: u64,
        /// What came.
        got: u64,
    },
    /// A verdict with a code that does not exist.
    #[error("verdict with unknown code {0}")]
    VerdictCode(u16),
    /// A verdict about, or an answer to, a frame that was never sent or is answered already.
    #[error("answer to frame {0}, which is not open")]
    NotOpen(u64),
    /// The answer to a request is that to another kind of request.
    #[error("an answer of another kind than its request demands")]
    WrongAnswer,
    /// The daemon speaks another version.
    #[error("the daemon speaks version {0} of the socket protocol, this library 1")]
    Version(u8),
    /// The answer to a control request is not understood.
    #[error(transparent)]
    Control(#[from] super::control::ControlError),
}

/// Why a saved capability cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// The file cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Others may read or write it.
    #[error("{path} is readable or writable by others (mode {mode:o}); set it to 600")]
    Mode {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Its contents are no saved capability.
    #[error("{path} is not a saved capability")]
    Format {
        /// Which file.
        path: PathBuf,
    },
}

/// Any failure of the messaging library.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens on the socket, or it cannot be reached.
    #[error("cannot connect to {path}: {error}")]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The socket is not trusted; nothing was said to it.
    #[error("{path} is not trusted: {why}")]
    Untrusted {
        /// The socket.
        path: PathBuf,
        /// Why.
        why: Distrust,
    },
    /// The connection broke. What became of unanswered messages is unknown.
    #[error("the connection to the daemon broke: {0}")]
    Io(#[from] io::Error),
    /// The daemon closed the connection without a reason. What became of unanswered messages is
    /// unknown.
    #[error("the daemon is gone")]
    Disconnected,
    /// The daemon closed the connection and said why.
    #[error("the daemon closed the connection: {}", reason_text(*code, detail))]
    Closed {
        /// A [`RequestError`], if this library knows it.
        reason: Option<RequestError>,
        /// Its number.
        code: u16,
        /// Words for people.
        detail: String,
    },
    /// The daemon does not speak the protocol.
    #[error("the daemon does not speak the protocol: {0}")]
    Protocol(#[from] ProtocolError),
    /// The daemon refused a request.
    #[error("the daemon refused: {}", reason_text(*code, detail))]
    Refused {
        /// A [`RequestError`], if this library knows it.
        reason: Option<RequestError>,
        /// Its number.
        code: u16,
        /// Words for people.
        detail: String,
    },
    /// The daemon took too long over a request.
    #[error("the daemon does not answer")]
    NoAnswer,
    /// A message that an answer was expected to was not delivered.
    #[error(transparent)]
    Undelivered(#[from] Undelivered),
    /// The peer did not carry out an order.
    #[error("{mtype} was refused: {}", refusal_text(*code, detail))]
    OrderRefused {
        /// The order.
        mtype: Mtype,
        /// A [`RefusalCode`].
        code: u16,
        /// Words for people.
        detail: String,
    },
    /// The card did not authenticate this program.
    #[error("the card did not authenticate: {} (tries left: {retries_left})",
        refusal_text(*code, detail))]
    AuthenticationFailed {
        /// A [`RefusalCode`].
        code: u16,
        /// Tries left before the card blocks.
        retries_left: u8,
        /// Words for people.
        detail: String,
    },
    /// The card's side of the handshake does not prove the pinned key.
    #[error("the card did not prove the key that is pinned for it")]
    Handshake,
    /// Longer than a PIN may be. Nothing was sent.
    #[error("a PIN has at most {} bytes", crate::limits::PIN_BYTES_MAX)]
    PinTooLong,
    /// No answer in time. Whether the message was handled is unknown.
    #[error("no answer of type {0} in time")]
    Timeout(Mtype),
    /// The answer is not what its type demands.
    #[error("answer of type {mtype}: {error}")]
    Answer {
        /// Its type.
        mtype: Mtype,
        /// What is wrong.
        error: CodecError,
    },
    /// Longer than a message may be.
    #[error("parameters of {0} bytes are longer than a message takes")]
    TooLarge(usize),
    /// A privileged order outside a card session.
    #[error("{0} is an order that needs an authenticated session with the card")]
    Privileged(Mtype),
    /// Messages that nobody receives fill the library's memory.
    #[error("messages that were not received hold {0} bytes; receive them first")]
    InboxFull(usize),
    /// The saved capability cannot be used.
    #[error(transparent)]
    Saved(#[from] SavedError),
}

impl From<ConnectError> for ClientError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Io { path, error } => Self::Connect { path, error },
            ConnectError::Untrusted { path, why } => Self::Untrusted { path, why },
        }
    }
}

impl ClientError {
    /// The daemon's reason, where it gave one that this library knows.
    pub fn reason(&self) -> Option<RequestError> {
        match self {
            Self::Closed { reason, .. } | Self::Refused { reason, .. } => *reason,
            _ => None,
        }
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Connect { .. }
            | Self::Untrusted { .. }
            | Self::Io(_)
            | Self::Disconnected
            | Self::NoAnswer => Fault::Environment,
            Self::Closed { .. } | Self::Saved(_) | Self::Refused { .. } => Fault::Environment,
            Self::Protocol(_) => Fault::Bug,
            Self::Undelivered(undelivered) => undelivered.verdict.code.fault(),
            Self::OrderRefused { .. } | Self::AuthenticationFailed { .. } => Fault::Caller,
            Self::Handshake => Fault::Card,
            Self::Timeout(_) | Self::Answer { .. } => Fault::Peer,
            Self::TooLarge(_) | Self::Privileged(_) | Self::InboxFull(_) | Self::PinTooLong => {
                Fault::Caller
            }
        }
    }

    /// The refusal of a card, where it is one.
    pub fn refusal(&self) -> Option<RefusalCode> {
        match self {
            Self::OrderRefused { code, .. } | Self::AuthenticationFailed { code, .. } => {
                RefusalCode::from_u16(*code)
            }
            _ => None,
        }
    }

    pub(super) fn refused(code: u16, detail: String) -> Self {
        let reason = RequestError::from_u16(code);
        Self::Refused {
            reason,
            code,
            detail,
        }
    }

    pub(super) fn closed(code: u16, detail: String) -> Self {
        let reason = RequestError::from_u16(code);
        Self::Closed {
            reason,
            code,
            detail,
        }
    }
}

fn sent_text(sent: &Option<Sent>) -> String {
    sent.map_or_else(String::new, |sent| {
        format!(" ({} to {})", sent.mtype, sent.dst)
    })
}

fn reason_text(code: u16, detail: &str) -> String {
    let name = RequestError::from_u16(code).map(RequestError::name);
    with_detail(name, code, detail)
}

fn refusal_text(code: u16, detail: &str) -> String {
    let name = RefusalCode::from_u16(code).map(RefusalCode::name);
    with_detail(name, code, detail)
}

fn with_detail(name: Option<&str>, code: u16, detail: &str) -> String {
    let name = name.map_or_else(|| format!("code {code}"), str::to_string);
    match detail.is_empty() {
        true => name,
        false => format!("{name}: {}", super::text::shown(detail)),
    }
}
