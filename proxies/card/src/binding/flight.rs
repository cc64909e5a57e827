//! Messages on their way to the card, and the command that carries them.

use std::collections::VecDeque;

use libetp::exchange::{
    COMMAND_DATA_BYTES_MAX, COMMAND_FRAME_PREFIX_BYTES, COMMAND_OVERHEAD_BYTES, CommandBuilder,
    PushError, SelectReply, StatusWord,
};
use libetp::limits::MESSAGE_BYTES_MAX;
use libetp::{Message, Mtype};

/// A message that waits for its command.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    /// The daemon's number.
    pub(super) number: u64,
    pub(super) message: Message,
    /// Whether a command that carried it made the card fail.
    pub(super) failed: bool,
}

impl Queued {
    pub(super) fn new(number: u64, message: Message) -> Self {
        Self {
            number,
            message,
            failed: false,
        }
    }
}

/// The command that the card must have answered before the next one is sent.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) command: Vec<u8>,
    pub(super) mtypes: Vec<Mtype>,
    pub(super) carried: Vec<Queued>,
    pub(super) sequence: u8,
    /// The card's generation when the session's run of sequence numbers began.
    pub(super) generation: u64,
    /// Status word with which the card refused it.
    pub(super) refusal: Option<StatusWord>,
    /// Whether it asks the card to prove itself, and carries nothing else.
    pub(super) is_challenge: bool,
}

/// A run of sequence numbers, from one SELECT to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// P2 of the next command.
    pub(super) sequence: u8,
    /// The card's generation when it was selected.
    pub(super) generation: u64,
    /// Of the card's power-up.
    pub(super) boot_id: [u8; 8],
    pub(super) max_command_data: u32,
    pub(super) max_message: u32,
}

/// Takes messages from the front of `queue`, `most` at most, and as many as fit. A message that
/// fits in no command of this card is moved to `too_large`.
pub(super) fn pack(
    queue: &mut VecDeque<Queued>,
    most: usize,
    run: Run,
    too_large: &mut Vec<Queued>,
) -> Flight {
    let mut builder = CommandBuilder::new(run.max_command_data, run.max_message);
    let mut carried = Vec::new();
    while carried.len() < most {
        let Some(front) = queue.front() else { break };
        let into = match builder.push(&front.message) {
            Ok(()) => &mut carried,
            Err(PushError::TooLargeForCard) => &mut *too_large,
            Err(PushError::Full) => break,
        };
        into.extend(queue.pop_front());
    }
    Flight {
        command: builder.finish(run.sequence),
        mtypes: carried
            .iter()
            .map(|queued| queued.message.header.mtype)
            .collect(),
        carried,
        sequence: run.sequence,
        generation: run.generation,
        refusal: None,
        is_challenge: false,
    }
}

impl Run {
    /// `command_bytes_max` is that of the way to the card.
    pub(super) fn new(reply: &SelectReply, command_bytes_max: usize) -> Self {
        let data_max = command_bytes_max.saturating_sub(COMMAND_OVERHEAD_BYTES);
        let data_max = u32::try_from(data_max).unwrap_or(u32::MAX);
        Self {
            sequence: 0,
            generation: reply.generation,
            boot_id: reply.boot_id,
            max_command_data: reply.max_command_data.min(data_max),
            max_message: reply.max_message,
        }
    }

    /// Largest message in bytes.
    pub(super) fn message_bytes_max(self) -> usize {
        let data = (self.max_command_data as usize).min(COMMAND_DATA_BYTES_MAX);
        let room = data.saturating_sub(COMMAND_FRAME_PREFIX_BYTES);
        room.min(self.max_message as usize).min(MESSAGE_BYTES_MAX)
    }
}
