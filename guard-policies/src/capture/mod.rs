//! Captures: messages as Guard saw them, to be judged again.
//!
//! A capture holds every fact that a policy may read, and what became of the message, so that a
//! verdict can be reproduced and another configuration compared. Params are left out unless they are
//! asked for; those of secret types always are. `docs/protocol/guard-capture.md` is the format.

mod entry;
mod format;
mod read;
mod replay;
mod write;

use crate::{Outcome, Record};

pub use read::Reader;
pub use replay::{Change, Replay, replay};
pub use write::Writer;

/// Version of the format.
pub const VERSION: u16 = 1;
/// Longest record in bytes; the header is a record too.
pub const RECORD_BYTES_MAX: usize = 512 * 1_024;

/// What a capture says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What wrote it, and its version, for people.
    pub software: String,
    /// Whether params were kept.
    pub has_params: bool,
}

/// A message in a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Everything that a policy may know of it.
    pub record: Record,
    /// What became of it.
    pub outcome: Outcome,
    /// The generation of the chain that judged it.
    pub generation: u64,
}

/// Why a capture cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It does not start as captures do.
    #[error("this is not a capture")]
    NotCapture,
    /// It is of another version.
    #[error("the capture is of version {0}, and this program knows version {VERSION}")]
    Version(u16),
    /// A record is not one.
    #[error("damaged at byte {at}: {what}")]
    Damaged {
        /// Where the record starts.
        at: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A record is longer than [`RECORD_BYTES_MAX`].
    #[error("a record has more than {RECORD_BYTES_MAX} bytes")]
    TooLong,
}
