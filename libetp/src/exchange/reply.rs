//! Responses to EXCHANGE: how a card builds them, and what a host reads.

use alloc::vec::Vec;

use super::{REPLY_FRAME_PREFIX_BYTES, REPLY_TRAILER_BYTES, RESPONSE_DATA_BYTES_MAX, StatusWord};
use crate::message::{Message, MessageError};

/// Why a response is not what the command asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Fewer than two bytes: the card went away, and what became of the command is unknown.
    #[error("no response")]
    Empty,
    /// The card refused the command.
    #[error("the card answered {0}")]
    Status(StatusWord),
    /// Longer than a response may be.
    #[error("a response of {0} bytes")]
    TooLong(usize),
    /// Ends within a field or a frame.
    #[error("the response is cut off")]
    Truncated,
    /// Bytes follow the last field.
    #[error("the response has surplus bytes")]
    Trailing,
    /// A frame that is no message.
    #[error("a frame in the response: {0}")]
    Frame(MessageError),
    /// Another version of the binding.
    #[error("the card speaks version {0} of EXCHANGE")]
    Version(u8),
    /// Flags that this version does not have.
    #[error("unknown flags {0:02X}")]
    Flags(u8),
}

/// Splits a response APDU into data and status word.
///
/// # Errors
/// [`ReplyError::Empty`] without a status word, [`ReplyError::TooLong`] past
/// [`RESPONSE_DATA_BYTES_MAX`].
pub fn split(response: &[u8]) -> Result<(&[u8], StatusWord), ReplyError> {
    let (data, status) = response.split_last_chunk().ok_or(ReplyError::Empty)?;
    match data.len() <= RESPONSE_DATA_BYTES_MAX {
        true => Ok((data, StatusWord(u16::from_be_bytes(*status)))),
        false => Err(ReplyError::TooLong(data.len())),
    }
}

/// A message from a card, with its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// `generation << 16 | index`, strictly increasing for the life of the card. A number that is
    /// not larger than the last is a repetition.
    pub number: u64,
    /// The message.
    pub message: Message,
}

impl Numbered {
    /// The card's generation after the transaction that the message comes from.
    pub fn generation(&self) -> u64 {
        self.number >> 16
    }
}

/// What a card answered to EXCHANGE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeReply {
    /// Messages from the card, in order.
    pub messages: Vec<Numbered>,
    /// When to speak to the card again, in milliseconds.
    pub next_ms: u16,
    /// Whether more are queued: exchange again at once.
    pub more: bool,
}

impl ExchangeReply {
    /// Reads a whole response APDU.
    ///
    /// # Errors
    /// [`ReplyError`]; nothing of the response may be used then.
    pub fn parse(response: &[u8]) -> Result<Self, ReplyError> {
        let (data, status) = split(response)?;
        if !status.is_success() {
            return Err(ReplyError::Status(status));
        }
        let (mut frames, trailer) = data.split_last_chunk().ok_or(ReplyError::Truncated)?;
        let mut messages = Vec::new();
        while !frames.is_empty() {
            let (numbered, rest) = read_frame(frames)?;
            messages.push(numbered);
            frames = rest;
        }
        Ok(Self {
            messages,
            next_ms: u16::from_be_bytes(*trailer),
            more: status.has_more(),
        })
    }
}

fn read_frame(data: &[u8]) -> Result<(Numbered, &[u8]), ReplyError> {
    let (length, rest) = data.split_first_chunk().ok_or(ReplyError::Truncated)?;
    let (number, rest) = rest.split_first_chunk().ok_or(ReplyError::Truncated)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (message, rest) = rest.split_at_checked(length).ok_or(ReplyError::Truncated)?;
    let numbered = Numbered {
        number: u64::from_be_bytes(*number),
        message: Message::from_bytes(message).map_err(ReplyError::Frame)?,
    };
    Ok((numbered, rest))
}

/// Builds the response to EXCHANGE.
#[derive(Clone, Debug, Default)]
pub struct ReplyBuilder {
    data: Vec<u8>,
}

impl ReplyBuilder {
    /// Adds a message in its wire form if it fits; tells whether it did.
    pub fn push(&mut self, number: u64, message: &[u8]) -> bool {
        let needed = REPLY_FRAME_PREFIX_BYTES + message.len() + REPLY_TRAILER_BYTES;
        let length = match u16::try_from(message.len()) {
            Ok(length) if self.data.len() + needed <= RESPONSE_DATA_BYTES_MAX => length,
            _ => return false,
        };
        self.data.extend_from_slice(&length.to_be_bytes());
        self.data.extend_from_slice(&number.to_be_bytes());
        self.data.extend_from_slice(message);
        true
    }

    /// The response APDU.
    pub fn finish(mut self, next_ms: u16, status: StatusWord) -> Vec<u8> {
        self.data.extend_from_slice(&next_ms.to_be_bytes());
        self.data.extend_from_slice(&status.0.to_be_bytes());
        self.data
    }
}
