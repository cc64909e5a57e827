//! The host's end of EXCHANGE, without recovery: tests decide what is sent again.

use alloc::vec::Vec;

use libetp::Message;
use libetp::exchange::{
    COMMAND_DATA_BYTES_MAX, CommandBuilder, ExchangeReply, ReplyError, SelectCommand, SelectReply,
    SessionId, next_sequence,
};
use libetp::limits::MESSAGE_BYTES_MAX;

use crate::card::Card;
use crate::store::Store;

/// A host with one session.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Named in SELECT.
    pub session: SessionId,
    /// The next sequence number.
    pub sequence: u8,
    /// The largest number of a message seen.
    pub seen: u64,
}

impl Host {
    /// A host that names its session so.
    pub fn new(session: SessionId) -> Self {
        Self {
            session,
            ..Self::default()
        }
    }

    /// Opens the session.
    ///
    /// # Errors
    /// [`ReplyError`] if the card refuses.
    pub fn select<S: Store>(&mut self, card: &mut Card<S>) -> Result<SelectReply, ReplyError> {
        self.sequence = 0;
        let command = SelectCommand {
            session: self.session,
        };
        SelectReply::parse(&card.transmit(&command.to_bytes()))
    }

    /// The next command, not sent. All messages must fit.
    pub fn command(&self, messages: &[Message]) -> Vec<u8> {
        let mut command =
            CommandBuilder::new(COMMAND_DATA_BYTES_MAX as u32, MESSAGE_BYTES_MAX as u32);
        for message in messages {
            command.push(message).expect("a test's messages fit");
        }
        command.finish(self.sequence)
    }

    /// One EXCHANGE.
    ///
    /// # Errors
    /// [`ReplyError`] if the card refuses; the sequence number stays then.
    pub fn exchange<S: Store>(
        &mut self,
        card: &mut Card<S>,
        messages: &[Message],
    ) -> Result<ExchangeReply, ReplyError> {
        let reply = ExchangeReply::parse(&card.transmit(&self.command(messages)))?;
        self.sequence = next_sequence(self.sequence);
        Ok(reply)
    }

    /// Sends messages and takes everything that the card says, repetitions dropped.
    ///
    /// # Errors
    /// [`ReplyError`] if the card refuses.
    pub fn talk<S: Store>(
        &mut self,
        card: &mut Card<S>,
        messages: &[Message],
    ) -> Result<Vec<Message>, ReplyError> {
        let mut said = Vec::new();
        let mut reply = self.exchange(card, messages)?;
        loop {
            for numbered in reply.messages {
                if numbered.number > self.seen {
                    self.seen = numbered.number;
                    said.push(numbered.message);
                }
            }
            if !reply.more {
                return Ok(said);
            }
            reply = self.exchange(card, &[])?;
        }
    }
}
