//! SELECT: opens a session, and tells what became of the one before.

use alloc::vec::Vec;

use super::{AID, CLA_INTERINDUSTRY, INS_SELECT, ReplyError, SessionId, VERSION, split};
use crate::id::Domain;

/// `00 A4 04 00 10 AID session 00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectCommand {
    /// The host's name for the run of sequence numbers that begins.
    pub session: SessionId,
}

impl SelectCommand {
    /// The command APDU.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(22);
        bytes.extend_from_slice(&[CLA_INTERINDUSTRY, INS_SELECT, 4, 0, 16]);
        bytes.extend_from_slice(&AID);
        bytes.extend_from_slice(&self.session);
        bytes.push(0);
        bytes
    }
}

/// What a card says of itself when it is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectReply {
    /// Whether the last command that the card carried out belongs to the session named in SELECT.
    pub same_session: bool,
    /// Sequence number of that command; FF without [`same_session`](Self::same_session).
    pub last_sequence: u8,
    /// The card's domain.
    pub domain: Domain,
    /// Most data in bytes that one command may carry.
    pub max_command_data: u32,
    /// Largest message in bytes that the card takes.
    pub max_message: u32,
    /// New at each power-up.
    pub boot_id: [u8; 8],
    /// Transactions so far.
    pub generation: u64,
    /// When to speak to the card again, in milliseconds.
    pub next_ms: u16,
}

impl SelectReply {
    /// Bytes of the reply's data.
    pub const LEN: usize = 1 + 1 + 1 + Domain::LEN + 4 + 4 + 8 + 8 + 2;

    /// Whether the card carried out the command with `sequence`, whose response was lost.
    /// `generation` is what the card stated when the session's run of sequence numbers began.
    ///
    /// The generation settles what session and sequence alone leave open: a first command, with
    /// number 0, in a session that had a command with number 0 before.
    pub fn executed(&self, sequence: u8, generation: u64) -> bool {
        self.same_session && self.last_sequence == sequence && self.generation > generation
    }

    /// The data of the reply, without status word.
    pub fn to_data(self) -> Vec<u8> {
        let mut data = Vec::with_capacity(Self::LEN);
        data.extend_from_slice(&[VERSION, u8::from(self.same_session), self.last_sequence]);
        data.extend_from_slice(&self.domain.0);
        data.extend_from_slice(&self.max_command_data.to_be_bytes());
        data.extend_from_slice(&self.max_message.to_be_bytes());
        data.extend_from_slice(&self.boot_id);
        data.extend_from_slice(&self.generation.to_be_bytes());
        data.extend_from_slice(&self.next_ms.to_be_bytes());
        data
    }

    /// Reads a whole response APDU.
    ///
    /// # Errors
    /// [`ReplyError`] if the card refused or answered something else.
    pub fn parse(response: &[u8]) -> Result<Self, ReplyError> {
        let (data, status) = split(response)?;
        if !status.is_success() {
            return Err(ReplyError::Status(status));
        }
        let version = *data.first().ok_or(ReplyError::Truncated)?;
        if version != VERSION {
            return Err(ReplyError::Version(version));
        }
        let mut fields = Fields(data);
        let [_, flags, last_sequence] = fields.take()?;
        let reply = Self {
            same_session: flags & 1 == 1,
            last_sequence,
            domain: Domain(fields.take()?),
            max_command_data: u32::from_be_bytes(fields.take()?),
            max_message: u32::from_be_bytes(fields.take()?),
            boot_id: fields.take()?,
            generation: u64::from_be_bytes(fields.take()?),
            next_ms: u16::from_be_bytes(fields.take()?),
        };
        match (flags, fields.0) {
            (0 | 1, []) => Ok(reply),
            (0 | 1, _) => Err(ReplyError::Trailing),
            _ => Err(ReplyError::Flags(flags)),
        }
    }
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ReplyError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(ReplyError::Truncated)?;
        self.0 = rest;
        Ok(*field)
    }
}
