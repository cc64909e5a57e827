//! Commands that are carried out in memory only.
//!
//! A command that writes nothing, sends only what waits in memory, and confirms only such messages, loses nothing with
//! power that power would leave: it need not be committed. So that the host can still tell after a loss of power
//! what was carried out, the first command after SELECT always is, and one of so many in a row: the sequence
//! number on record is that of the last committed one, and must not come round to the command in question.

use crate::limits::{OUTBOX_MESSAGES_MAX, OUTBOX_RESERVE_MESSAGES, UNWRITTEN_COMMANDS_MAX};

/// How far memory is ahead of the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// Commands since the last committed one.
    commands: u16,
    /// Messages numbered under its generation.
    numbered: u64,
}

// Sequence numbers are modulo 256, and so the number on record names one command only.
const _: () = assert!(UNWRITTEN_COMMANDS_MAX < 255);
// Numbers of messages have 16 bits under a generation.
const _: () = assert!(
    (UNWRITTEN_COMMANDS_MAX as usize + 1) * (OUTBOX_MESSAGES_MAX + OUTBOX_RESERVE_MESSAGES)
        <= 1 << 16
);

impl Ahead {
    /// After a command that sent so many messages. `before`: it was not committed.
    pub(crate) fn after(before: Option<Self>, sent: usize) -> Self {
        match before {
            Some(before) => Self {
                commands: before.commands + 1,
                numbered: before.numbered + sent as u64,
            },
            None => Self {
                commands: 0,
                numbered: sent as u64,
            },
        }
    }

    /// Whether one more need not be committed.
    pub(crate) fn may_go_on(self) -> bool {
        self.commands < UNWRITTEN_COMMANDS_MAX
    }

    /// Messages that have numbers of the present generation.
    pub(crate) fn numbered(self) -> u64 {
        self.numbered
    }
}
