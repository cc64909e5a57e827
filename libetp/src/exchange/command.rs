//! Commands: what a card reads, and how a host builds EXCHANGE.

use alloc::vec::Vec;

use super::apdu::{Apdu, CLASS_CHAINING, EXTENDED_EXPECTED_BYTES_MAX};
use super::{
    AID, CLA_INTERINDUSTRY, CLA_PROPRIETARY, COMMAND_DATA_BYTES_MAX, COMMAND_FRAME_PREFIX_BYTES,
    COMMAND_MESSAGES_MAX, COMMAND_OVERHEAD_BYTES, INS_EXCHANGE, INS_SELECT, SelectCommand,
    StatusWord,
};
use crate::limits::{HEADER_LEN, MESSAGE_BYTES_MAX};
use crate::message::Message;

/// A command that a card understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Opens a session.
    Select(SelectCommand),
    /// Carries messages.
    Exchange(ExchangeCommand<'a>),
}

/// Why bytes are not a command that a card understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Shorter than a command header, or lengths that contradict each other.
    #[error("wrong length")]
    Length,
    /// SELECT of another application.
    #[error("no such application")]
    Application,
    /// P1 or P2 of SELECT, P1 of EXCHANGE.
    #[error("wrong P1 or P2")]
    Parameters,
    /// Command chaining, of another command than EXCHANGE.
    #[error("command chaining is not spoken here")]
    Chaining,
    /// Another logical channel than 0.
    #[error("only logical channel 0")]
    Channel,
    /// Unknown instruction.
    #[error("unknown instruction {0:02X}")]
    Instruction(u8),
    /// Unknown class.
    #[error("unknown class {0:02X}")]
    Class(u8),
    /// A frame that is cut off.
    #[error("a frame is cut off at byte {0} of the data")]
    FrameTruncated(usize),
    /// A frame shorter than a message header or longer than a message.
    #[error("a message of {0} bytes in a frame")]
    FrameLength(usize),
    /// More than [`COMMAND_MESSAGES_MAX`] frames.
    #[error("too many messages in one command")]
    TooManyMessages,
}

impl CommandError {
    /// How the card says it.
    pub fn status_word(self) -> StatusWord {
        match self {
            Self::Length => StatusWord::WRONG_LENGTH,
            Self::Application => StatusWord::NOT_FOUND,
            Self::Parameters => StatusWord::WRONG_PARAMETERS,
            Self::Chaining => StatusWord::NO_CHAINING,
            Self::Channel => StatusWord::NO_LOGICAL_CHANNELS,
            Self::Instruction(_) => StatusWord::UNKNOWN_INSTRUCTION,
            Self::Class(_) => StatusWord::UNKNOWN_CLASS,
            Self::FrameTruncated(_) | Self::FrameLength(_) | Self::TooManyMessages => {
                StatusWord::WRONG_DATA
            }
        }
    }
}

impl<'a> Command<'a> {
    /// Reads a command APDU. The frames of an EXCHANGE are checked, all of them.
    ///
    /// # Errors
    /// [`CommandError`]; its [`status_word`](CommandError::status_word) is the card's answer.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CommandError> {
        Self::of(&Apdu::parse(bytes)?)
    }

    /// As [`parse`](Self::parse), of a command whose links were put together. What the response may have of
    /// data is not looked at.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn of(apdu: &Apdu<'a>) -> Result<Self, CommandError> {
        match (apdu.class, apdu.instruction) {
            (CLA_INTERINDUSTRY, INS_SELECT) => parse_select(apdu).map(Self::Select),
            (CLA_PROPRIETARY, INS_EXCHANGE) => parse_exchange(apdu).map(Self::Exchange),
            (CLA_INTERINDUSTRY | CLA_PROPRIETARY, instruction) => {
                Err(CommandError::Instruction(instruction))
            }
            (class, _) => Err(class_error(class)),
        }
    }
}

/// Bits 0x10 and 0x03 of the first two classes are chaining and logical channel.
fn class_error(class: u8) -> CommandError {
    match class & !0x93 {
        0 if class & CLASS_CHAINING != 0 => CommandError::Chaining,
        0 => CommandError::Channel,
        _ => CommandError::Class(class),
    }
}

fn parse_select(apdu: &Apdu<'_>) -> Result<SelectCommand, CommandError> {
    if (apdu.p1, apdu.p2) != (4, 0) {
        return Err(CommandError::Parameters);
    }
    let session = apdu.data.strip_prefix(&AID);
    let session = session.ok_or(CommandError::Application)?;
    let session = session.try_into().map_err(|_| CommandError::Length)?;
    Ok(SelectCommand { session })
}

fn parse_exchange<'a>(apdu: &Apdu<'a>) -> Result<ExchangeCommand<'a>, CommandError> {
    if apdu.p1 != 0 {
        return Err(CommandError::Parameters);
    }
    check_frames(apdu.data)?;
    Ok(ExchangeCommand {
        sequence: apdu.p2,
        data: apdu.data,
    })
}

fn check_frames(data: &[u8]) -> Result<(), CommandError> {
    let mut rest = data;
    let mut count = 0;
    while !rest.is_empty() {
        let (_, after) = split_frame(rest, data.len() - rest.len())?;
        rest = after;
        count += 1;
    }
    match count <= COMMAND_MESSAGES_MAX {
        true => Ok(()),
        false => Err(CommandError::TooManyMessages),
    }
}

fn split_frame(data: &[u8], at: usize) -> Result<(&[u8], &[u8]), CommandError> {
    let cut = CommandError::FrameTruncated(at);
    let (prefix, rest) = data.split_first_chunk().ok_or(cut)?;
    let length = usize::from(u16::from_be_bytes(*prefix));
    if !(HEADER_LEN..=MESSAGE_BYTES_MAX).contains(&length) {
        return Err(CommandError::FrameLength(length));
    }
    rest.split_at_checked(length).ok_or(cut)
}

/// EXCHANGE as a card reads it, in whatever length and links it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExchangeCommand<'a> {
    /// P2.
    pub sequence: u8,
    data: &'a [u8],
}

impl<'a> ExchangeCommand<'a> {
    /// The command in the one form that its hash is of: `80 C2 00 sequence 00 [Lc frames] 00 00`.
    pub fn to_bytes(self) -> Vec<u8> {
        written(self.sequence, self.data)
    }

    /// The messages, as bytes of [`HEADER_LEN`] to [`MESSAGE_BYTES_MAX`].
    pub fn frames(&self) -> Frames<'a> {
        Frames(self.data)
    }

    /// The messages.
    pub fn messages(&self) -> impl Iterator<Item = Message> + use<'a> {
        self.frames()
            .filter_map(|frame| Message::from_bytes(frame).ok())
    }
}

/// The frames of a command, each the bytes of one message.
#[derive(Clone, Debug)]
pub struct Frames<'a>(&'a [u8]);

impl<'a> Iterator for Frames<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (frame, rest) = split_frame(self.0, 0).ok()?;
        self.0 = rest;
        Some(frame)
    }
}

/// Why a message does not go into a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// Longer than the card takes, in any command.
    #[error("too large for the card")]
    TooLargeForCard,
    /// Not into this command any more; into the next.
    #[error("the command is full")]
    Full,
}

/// Builds EXCHANGE.
#[derive(Clone, Debug)]
pub struct CommandBuilder {
    data: Vec<u8>,
    messages: usize,
    data_max: usize,
    message_max: usize,
}

impl CommandBuilder {
    /// An empty command within the limits that the card stated in its reply to SELECT.
    pub fn new(max_command_data: u32, max_message: u32) -> Self {
        let within = |stated: u32, own: usize| own.min(usize::try_from(stated).unwrap_or(own));
        let data_max = within(max_command_data, COMMAND_DATA_BYTES_MAX);
        let room = data_max.saturating_sub(COMMAND_FRAME_PREFIX_BYTES);
        Self {
            data: Vec::new(),
            messages: 0,
            data_max,
            message_max: within(max_message, MESSAGE_BYTES_MAX).min(room),
        }
    }

    /// Adds a message.
    ///
    /// # Errors
    /// [`PushError`]; the command stays as it was.
    pub fn push(&mut self, message: &Message) -> Result<(), PushError> {
        let length = message.wire_len();
        if length > self.message_max {
            return Err(PushError::TooLargeForCard);
        }
        let needed = self.data.len() + COMMAND_FRAME_PREFIX_BYTES + length;
        if needed > self.data_max || self.messages == COMMAND_MESSAGES_MAX {
            return Err(PushError::Full);
        }
        self.data.extend_from_slice(&(length as u16).to_be_bytes());
        message.write_to(&mut self.data);
        self.messages += 1;
        Ok(())
    }

    /// How many messages it carries.
    pub fn len(&self) -> usize {
        self.messages
    }

    /// Whether it carries none.
    pub fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// The command APDU.
    pub fn finish(self, sequence: u8) -> Vec<u8> {
        written(sequence, &self.data)
    }
}

fn written(sequence: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(data.len() + COMMAND_OVERHEAD_BYTES);
    let apdu = Apdu {
        class: CLA_PROPRIETARY,
        instruction: INS_EXCHANGE,
        p1: 0,
        p2: sequence,
        data,
        expected: Some(EXTENDED_EXPECTED_BYTES_MAX),
    };
    apdu.write_extended(&mut bytes);
    bytes
}
