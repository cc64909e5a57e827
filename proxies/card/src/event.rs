//! What a card proxy tells its daemon.

use libetp::exchange::{SelectReply, StatusWord};
use libetp::{Domain, Message, Mtype, VerdictCode};

use crate::link::Server;

/// Something happened at a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardEvent {
    /// Another process serves the card from now on.
    Served(Server),
    /// The card answered SELECT. Nothing in the reply is proved; the domain is live only after a
    /// verified `hello`.
    Selected(SelectReply),
    /// The card sends a message. Numbers of one card increase; a repeat is dropped before this, unless the card has yet
    /// to prove itself: what came before may have been of another.
    Message {
        /// The card's number of the message: the generation that made it, and an index.
        number: u64,
        /// The message. Its source is what the card says, not checked here.
        message: Message,
    },
    /// The command that carried a queued message was carried out.
    Completed {
        /// As queued.
        number: u64,
    },
    /// A queued message did not reach the card, or nobody can tell.
    Failed {
        /// As queued.
        number: u64,
        /// Why.
        reason: FailReason,
    },
    /// One APDU, and what it cost.
    Apdu(ApduRecord),
    /// The card is not to be reached now. What is queued waits for it; [`Selected`](Self::Selected) follows
    /// when it is there again.
    Away(Away),
    /// The card is away for longer than messages wait. What was queued has failed before this, and what
    /// is queued fails at once, until the card is there again.
    Overdue,
    /// The card is given up; nothing follows. What was queued has failed before this.
    Gone(GoneReason),
}

/// Why a card is not to be reached for the time being.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Away {
    /// Who has the way to it says that there is no card now.
    #[error("{0}")]
    Absent(String),
    /// The way to it is lost.
    #[error("{0}")]
    Lost(GoneReason),
    /// Another card is in its place, and is given nothing.
    #[error(
        "card {is} is in the place of {was}: put {was} back, or restart the daemon to serve {is} there"
    )]
    Another {
        /// The card that was here.
        was: Domain,
        /// The one that is here now.
        is: Domain,
    },
}

/// Why a queued message did not reach the card.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FailReason {
    /// Longer than the card takes.
    #[error("{len} bytes are more than the card takes, {max}")]
    TooLarge {
        /// Bytes of the message.
        len: usize,
        /// Bytes that the card takes.
        max: usize,
    },
    /// The card refused the command that carried only this message.
    #[error("the card refused the command: {0}")]
    Refused(StatusWord),
    /// The card went away before the message was sent.
    #[error("the card is gone")]
    Gone,
    /// The card went away while the message was under way: it may or may not have been seen.
    #[error("the card went away while the message was under way")]
    Unknown,
}

impl FailReason {
    /// The code of the verdict that the sender is given.
    pub fn verdict_code(&self) -> VerdictCode {
        match self {
            Self::TooLarge { .. } => VerdictCode::TooLargeForCard,
            Self::Refused(status) if *status == StatusWord::FAILED => VerdictCode::CardGone,
            Self::Refused(_) => VerdictCode::Malformed,
            Self::Gone => VerdictCode::CardGone,
            Self::Unknown => VerdictCode::Unknown,
        }
    }
}

/// Why a card is given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GoneReason {
    /// The link says that no card is there.
    #[error("{0}")]
    Link(String),
    /// Faults in a row, without a response that made sense.
    #[error("{faults} faults in a row, the last: {last}")]
    Faults {
        /// How many.
        faults: u32,
        /// The last one, in words.
        last: String,
    },
    /// The card speaks another version of EXCHANGE.
    #[error("{0}")]
    Incompatible(String),
    /// Another card answers where this one was.
    #[error("card {is} answers where {was} was")]
    AnotherCard {
        /// The card that was here.
        was: Domain,
        /// The one that is here now.
        is: Domain,
    },
    /// The link or the proxy has a defect; the thread's panic message says which.
    #[error("the card proxy panicked")]
    Panicked,
    /// Asked to end.
    #[error("the card proxy was shut down")]
    Shutdown,
}

/// Which command an APDU was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApduKind {
    /// SELECT.
    Select,
    /// EXCHANGE.
    Exchange,
}

/// One APDU: what it carried and what it cost, as the measurements of Terada et al. 2005 ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApduRecord {
    /// Which command.
    pub kind: ApduKind,
    /// Types of the messages carried to the card, in order.
    pub mtypes_in: Vec<Mtype>,
    /// Types of the messages carried from the card, in order, repeats included.
    pub mtypes_out: Vec<Mtype>,
    /// Bytes of the command APDU.
    pub bytes_in: usize,
    /// Bytes of the response APDU; 0 if none came.
    pub bytes_out: usize,
    /// Status word of the response, if one came.
    pub status: Option<StatusWord>,
    /// CPU time in microseconds that the card thread used. With an embedded card that is the
    /// card's own work.
    pub cpu_us: u64,
    /// Time in microseconds that the thread waited: wall clock time less CPU time.
    pub io_us: u64,
}
