//! Handlers: told of messages that match a condition (Terada et al. 2005, section 4.2).

use super::capability::Capability;
use super::error::ClientError;
use super::session::Delivery;
use super::socket::Socket;
use crate::codec;
use crate::frame::Origin;
use crate::id::EntityId;
use crate::mtype::Mtype;
use crate::params::Param;

/// Which messages a handler is for. What is `None` does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// Only from this id.
    pub src: Option<EntityId>,
    /// Only of this type.
    pub mtype: Option<Mtype>,
    /// Only those that entered the table there.
    pub origin: Option<Origin>,
}

impl Condition {
    /// Every message.
    pub fn any() -> Self {
        Self::default()
    }

    /// Messages of one type.
    pub fn mtype(mtype: Mtype) -> Self {
        Self {
            mtype: Some(mtype),
            ..Self::default()
        }
    }

    /// Also only from this id.
    #[must_use]
    pub fn from(self, src: EntityId) -> Self {
        Self {
            src: Some(src),
            ..self
        }
    }

    /// Whether a message matches.
    pub fn matches(&self, delivery: &Delivery) -> bool {
        let header = delivery.message.header;
        self.src.is_none_or(|src| src == header.src)
            && self.mtype.is_none_or(|mtype| mtype == header.mtype)
            && self.origin.is_none_or(|origin| origin == delivery.origin)
    }
}

/// What a handler wants sent; all of it leaves in one write.
#[derive(Debug, Default)]
pub struct Outbox {
    messages: Vec<(EntityId, Mtype, Vec<u8>)>,
}

impl Outbox {
    /// Sends parameters as they are.
    pub fn send(&mut self, dst: EntityId, mtype: Mtype, param: Vec<u8>) {
        self.messages.push((dst, mtype, param));
    }

    /// Answers a message with typed parameters.
    pub fn reply<P: Param>(&mut self, to: &Delivery, param: &P) {
        self.send(to.message.header.src, P::MTYPE, codec::to_vec(param));
    }
}

type Handler<'h> = Box<dyn FnMut(&Delivery, &mut Outbox) + Send + 'h>;

/// Handlers in the order of their registration; the first whose condition matches is told.
#[derive(Default)]
pub struct Handlers<'h> {
    entries: Vec<(Condition, Handler<'h>)>,
}

impl std::fmt::Debug for Handlers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let conditions = self.entries.iter().map(|(condition, _)| condition);
        f.debug_list().entries(conditions).finish()
    }
}

impl<'h> Handlers<'h> {
    /// No handlers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a handler.
    pub fn on(
        &mut self,
        condition: Condition,
        handler: impl FnMut(&Delivery, &mut Outbox) + Send + 'h,
    ) -> &mut Self {
        self.entries.push((condition, Box::new(handler)));
        self
    }

    /// Tells the first handler that matches. Gives the message back if none does.
    pub fn handle(&mut self, delivery: Delivery, outbox: &mut Outbox) -> Option<Delivery> {
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.0.matches(&delivery));
        let Some((_, handler)) = entry else {
            return Some(delivery);
        };
        handler(&delivery, outbox);
        None
    }
}

impl<S: Socket> Capability<S> {
    /// Receives one message and hands it, and all that have arrived with it, to the handlers;
    /// returns those that no handler wanted.
    ///
    /// # Errors
    /// Whatever ends the connection.
    pub async fn dispatch(
        &mut self,
        handlers: &mut Handlers<'_>,
    ) -> Result<Vec<Delivery>, ClientError> {
        let mut outbox = Outbox::default();
        let mut unhandled = Vec::new();
        let mut next = Some(self.receive().await?);
        while let Some(delivery) = next {
            unhandled.extend(handlers.handle(delivery, &mut outbox));
            next = self.held();
        }
        for (dst, mtype, param) in &outbox.messages {
            self.queue(*dst, *mtype, param)?;
        }
        self.write_out().await?;
        Ok(unhandled)
    }

    /// Serves the handlers until the connection ends. Messages that no handler wants are dropped.
    ///
    /// # Errors
    /// What ended the connection.
    pub async fn serve(&mut self, handlers: &mut Handlers<'_>) -> Result<(), ClientError> {
        loop {
            self.dispatch(handlers).await?;
        }
    }
}
