//! Frames of the control stream, as structures of the codec.

use libetp::codec::{self, Decode, List};
use libetp::digest::Hash;
use libetp::params::runtime::Statement;
use libetp::verdict::Subject;
use libetp::{Domain, EntityId, Mtype};

use super::error::{LinkError, LinkFault};
use super::frame::{self, Frame, kind};
use crate::limits::CHANNELS;

/// Version of this protocol.
pub const VERSION: u8 = 1;

/// 16 random bytes, new at each start of a host. Sequences hold for a pair of incarnations.
pub type Incarnation = [u8; 16];

libetp::structure! {
    /// [`kind::HELLO`].
    pub struct Hello {
        /// [`VERSION`].
        pub version: u8,
        /// The sender's.
        pub incarnation: Incarnation,
        /// The receiver's, as the sender last knew it.
        pub peer_incarnation: Option<Incarnation>,
        /// Highest sequence received from `peer_incarnation`, per channel; 0 for none.
        pub received: List<u64>,
    }

    /// [`kind::ACK`].
    pub struct Ack {
        /// A lane, or [`VERDICTS`](crate::VERDICTS).
        pub channel: u8,
        /// Everything up to here was received.
        pub sequence: u64,
    }

    /// [`kind::VERDICT`].
    pub struct VerdictFrame {
        /// Increases with each verdict.
        pub sequence: u64,
        /// Source of the message.
        pub src: EntityId,
        /// Its destination.
        pub dst: EntityId,
        /// Its type.
        pub mtype: Mtype,
        /// First half of SHA-256 of the whole message.
        pub digest: [u8; 16],
        /// The number it came with.
        pub number: u64,
        /// A [`VerdictCode`](libetp::VerdictCode).
        pub code: u16,
        /// Words for people.
        pub detail: String,
    }

    /// [`kind::WANT_STATEMENT`].
    pub struct WantStatement {
        /// Whose card is asked.
        pub domain: Domain,
        /// To be signed.
        pub nonce: Hash,
    }

    /// [`kind::STATEMENT`].
    pub struct StatementFrame {
        /// As asked.
        pub domain: Domain,
        /// The card's word; `None` if there is none to be had.
        pub statement: Option<Statement>,
    }

    /// [`kind::CLOSING`].
    pub struct Closing {
        /// A [`LinkError`].
        pub code: u32,
        /// Words for people.
        pub detail: String,
    }
}

impl VerdictFrame {
    /// Which message it is about.
    pub fn subject(&self) -> Subject {
        Subject {
            src: self.src,
            dst: self.dst,
            mtype: self.mtype,
            digest: self.digest,
        }
    }
}

/// Any frame of the control stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// First in each direction.
    Hello(Hello),
    /// Messages or verdicts were received.
    Ack(Ack),
    /// A message was not delivered.
    Verdict(VerdictFrame),
    /// A statement is asked for.
    WantStatement(WantStatement),
    /// A statement, or that there is none.
    Statement(StatementFrame),
    /// The sender ends the link.
    Closing(Closing),
}

impl Control {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`LinkError::FrameBody`] if the body is not canonical or not the kind's structure;
    /// [`LinkError::Lane`] and [`LinkError::Sequence`] for numbers out of range.
    pub fn decode(frame: Frame<'_>) -> Result<Self, LinkFault> {
        let control = match frame.kind {
            kind::HELLO => Self::Hello(body(frame)?),
            kind::ACK => Self::Ack(body(frame)?),
            kind::VERDICT => Self::Verdict(body(frame)?),
            kind::WANT_STATEMENT => Self::WantStatement(body(frame)?),
            kind::STATEMENT => Self::Statement(body(frame)?),
            kind::CLOSING => Self::Closing(body(frame)?),
            other => {
                let detail = format!("kind 0x{other:02x} on the control stream");
                return Err(LinkFault::new(LinkError::FrameKind, detail));
            }
        };
        control.check()?;
        Ok(control)
    }

    fn check(&self) -> Result<(), LinkFault> {
        match self {
            Self::Hello(hello) if hello.received.0.len() != CHANNELS => {
                let detail = format!("hello with {} channels", hello.received.0.len());
                Err(LinkFault::new(LinkError::FrameBody, detail))
            }
            Self::Ack(ack) if usize::from(ack.channel) >= CHANNELS => {
                let detail = format!("no channel {}", ack.channel);
                Err(LinkFault::new(LinkError::Lane, detail))
            }
            Self::Verdict(verdict) if verdict.sequence == 0 => Err(LinkFault::new(
                LinkError::Sequence,
                "a verdict with sequence 0",
            )),
            _ => Ok(()),
        }
    }

    /// Appends the whole frame.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        let (kind, body) = match self {
            Self::Hello(body) => (kind::HELLO, codec::to_vec(body)),
            Self::Ack(body) => (kind::ACK, codec::to_vec(body)),
            Self::Verdict(body) => (kind::VERDICT, codec::to_vec(body)),
            Self::WantStatement(body) => (kind::WANT_STATEMENT, codec::to_vec(body)),
            Self::Statement(body) => (kind::STATEMENT, codec::to_vec(body)),
            Self::Closing(body) => (kind::CLOSING, codec::to_vec(body)),
        };
        frame::write(out, kind, &[&body]);
    }
}

fn body<T: Decode>(frame: Frame<'_>) -> Result<T, LinkFault> {
    codec::from_slice(frame.body).map_err(|error| {
        let detail = format!("kind 0x{:02x}: {error}", frame.kind);
        LinkFault::new(LinkError::FrameBody, detail)
    })
}
