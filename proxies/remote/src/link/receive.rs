//! Frames that come in.

use libetp::digest::Hash;
use libetp::params::runtime::Statement;
use libetp::{Domain, Message};

use super::control::{Ack, Control, VerdictFrame};
use super::error::{LinkError, LinkFault};
use super::frame::MessageFrame;
use super::{ConnectionId, Link, Now, Outgoing};
use crate::limits::{LANES, VERDICTS};

/// What a control frame means beyond the link itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// Nothing.
    Nothing,
    /// A message of ours was not delivered.
    Verdict(VerdictFrame),
    /// The peer asks for a statement.
    Want(Domain, Hash),
    /// The peer answers our question for one.
    Statement(Domain, Option<Statement>),
}

impl Link {
    /// A control frame came. Frames of connections that are not known any more mean nothing.
    ///
    /// # Errors
    /// [`LinkFault`] if the frame is out of order or says what can not be; the caller passes it
    /// to [`Link::fail`].
    pub fn control(
        &mut self,
        now: Now,
        id: ConnectionId,
        control: Control,
    ) -> Result<Received, LinkFault> {
        let Some(connection) = self.connections.get_mut(&id) else {
            return Ok(Received::Nothing);
        };
        let hello = matches!(control, Control::Hello(_));
        if hello == connection.greeted {
            let detail = if hello {
                "a second hello"
            } else {
                "a frame before the hello"
            };
            return Err(LinkFault::new(LinkError::FrameOrder, detail));
        }
        match control {
            Control::Hello(hello) => self.hello(now, id, &hello).map(|()| Received::Nothing),
            Control::Ack(ack) => self.acknowledged(now, ack).map(|()| Received::Nothing),
            Control::Verdict(verdict) => Ok(self.verdict(now, verdict)),
            Control::WantStatement(want) => Ok(Received::Want(want.domain, want.nonce)),
            Control::Statement(answer) => Ok(Received::Statement(answer.domain, answer.statement)),
            Control::Closing(closing) => {
                connection.peer_closing = true;
                self.counts.last_reason = format!("the other host ends: {}", closing.detail);
                Ok(Received::Nothing)
            }
        }
    }

    /// A message frame came on a lane. `None` if it was received before, or if its connection
    /// does not count.
    ///
    /// # Errors
    /// [`LinkError::FrameBody`] if it does not hold a message.
    pub fn message(
        &mut self,
        now: Now,
        id: ConnectionId,
        lane: usize,
        frame: MessageFrame<'_>,
    ) -> Result<Option<Outgoing>, LinkFault> {
        if self.current != Some(id) || lane >= LANES {
            return Ok(None);
        }
        let message = Message::from_bytes(frame.message);
        let message =
            message.map_err(|error| LinkFault::new(LinkError::FrameBody, error.to_string()))?;
        let due_ms = now.ms + self.limits.ack_ms_max;
        if !self.inbound[lane].receive(frame.sequence, frame.message.len(), due_ms) {
            self.counts.repeats += 1;
            return Ok(None);
        }
        self.counts.received += 1;
        let number = frame.number;
        Ok(Some(Outgoing { number, message }))
    }

    fn acknowledged(&mut self, now: Now, ack: Ack) -> Result<(), LinkFault> {
        let channel = usize::from(ack.channel);
        let news = match self.lanes.get_mut(channel) {
            Some(lane) => lane.acknowledge(ack.sequence)?,
            None => self.verdicts.acknowledge(ack.sequence)?,
        };
        if news {
            self.progress_ms = now.ms;
            self.judge_ending(now);
        }
        Ok(())
    }

    fn verdict(&mut self, now: Now, verdict: VerdictFrame) -> Received {
        let due_ms = now.ms + self.limits.ack_ms_max;
        match self.inbound[VERDICTS].receive(verdict.sequence, 0, due_ms) {
            true => Received::Verdict(verdict),
            false => Received::Nothing,
        }
    }
}
