//! The right to send as one entity id and to receive what is addressed to it.

use std::time::{Duration, Instant};

use super::connection::{Token, control_over};
use super::control::{ControlReply, ControlRequest};
use super::error::{ClientError, Undelivered};
use super::link::{Awaited, Link, wrong_answer};
use super::saved::SavedCapability;
use super::session::{Delivery, Reply, Request, Taking};
use super::socket::{AsyncSocket, Socket};
use crate::codec::{self, List};
use crate::frame::body;
use crate::id::EntityId;
use crate::mtype::Mtype;
use crate::params::Param;
use crate::params::runtime::OrderRefused;

/// A connection that is an entity id. See [`Connection`](super::Connection) for how it becomes one.
///
/// `send` writes at once; `queue` and [`Capability::write_out`] put many messages into one write.
/// The daemon only speaks of messages that were *not* delivered: [`Capability::flush`] is the
/// barrier behind which all verdicts of this host on earlier messages are known.
#[derive(Debug)]
pub struct Capability<S: Socket = AsyncSocket> {
    pub(super) link: Link<S>,
    id: EntityId,
    saved: Option<SavedCapability>,
    resumed: bool,
}

/// What may come to a program: a message, or the verdict on one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A message.
    Delivery(Delivery),
    /// A message of this program was not delivered.
    Undelivered(Undelivered),
}

impl<S: Socket> Capability<S> {
    pub(super) fn new(
        link: Link<S>,
        mut acquired: body::Acquired,
        resumed_from: Option<&SavedCapability>,
    ) -> Self {
        let saved = acquired.secret.map(|secret| match resumed_from {
            Some(saved) => saved.rotated(secret),
            None => SavedCapability::new(acquired.id, secret),
        });
        zeroize::Zeroize::zeroize(&mut acquired.secret);
        Self {
            link,
            id: acquired.id,
            saved,
            resumed: acquired.resumed,
        }
    }

    /// The id that this connection is.
    pub fn id(&self) -> EntityId {
        self.id
    }

    /// What resumes this id later; `None` unless it is durable.
    pub fn saved(&self) -> Option<&SavedCapability> {
        self.saved.as_ref()
    }

    /// Whether the id existed before this connection.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// When deliveries count as taken; [`Taking::OnReceive`] unless said otherwise.
    pub fn set_taking(&mut self, taking: Taking) {
        self.link.session.set_taking(taking);
    }

    /// Under [`Taking::Explicit`]: delivery `number` and all received before it are taken. The
    /// daemon is told with the next write or wait.
    pub fn take(&mut self, number: u64) {
        self.link.session.take(number);
    }

    /// Under [`Taking::Explicit`]: everything received so far is taken, answers to calls included.
    pub fn take_received(&mut self) {
        self.link.session.take_received();
    }

    /// Queues a message without writing it; returns its number.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`].
    pub fn queue(&mut self, dst: EntityId, mtype: Mtype, param: &[u8]) -> Result<u64, ClientError> {
        self.link.session.send(dst, mtype, param)
    }

    /// Queues a message with typed parameters; returns its number.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`]; [`ClientError::Privileged`] for an order that needs a
    /// [`CardSession`](super::CardSession).
    pub fn queue_param<P: Param>(&mut self, dst: EntityId, param: &P) -> Result<u64, ClientError> {
        match P::MTYPE.is_privileged() {
            true => Err(ClientError::Privileged(P::MTYPE)),
            false => self.queue(dst, P::MTYPE, &codec::to_vec(param)),
        }
    }

    /// Writes everything queued, in as few writes as the socket takes.
    ///
    /// # Errors
    /// Whatever ends the connection.
    pub async fn write_out(&mut self) -> Result<(), ClientError> {
        self.link.session.tell_taken();
        self.link.write_out().await
    }

    /// Sends a message; returns its number.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`], and whatever ends the connection.
    pub async fn send(
        &mut self,
        dst: EntityId,
        mtype: Mtype,
        param: &[u8],
    ) -> Result<u64, ClientError> {
        let number = self.queue(dst, mtype, param)?;
        self.write_out().await?;
        Ok(number)
    }

    /// Sends a message with typed parameters; returns its number.
    ///
    /// # Errors
    /// As [`Capability::queue_param`], and whatever ends the connection.
    pub async fn send_param<P: Param>(
        &mut self,
        dst: EntityId,
        param: &P,
    ) -> Result<u64, ClientError> {
        let number = self.queue_param(dst, param)?;
        self.write_out().await?;
        Ok(number)
    }

    /// Sends many messages in one write; returns the number of the first, the others follow it.
    /// `None` for no messages.
    ///
    /// # Errors
    /// [`ClientError::TooLarge`], then none is sent; and whatever ends the connection.
    pub async fn send_batch(
        &mut self,
        messages: &[(EntityId, Mtype, &[u8])],
    ) -> Result<Option<u64>, ClientError> {
        let lengths = messages.iter().map(|(_, _, param)| param.len());
        if let Some(len) = lengths
            .max()
            .filter(|len| *len > crate::limits::PARAM_BYTES_MAX)
        {
            return Err(ClientError::TooLarge(len));
        }
        let mut first = None;
        for (dst, mtype, param) in messages {
            let number = self.queue(*dst, *mtype, param)?;
            first.get_or_insert(number);
        }
        self.write_out().await?;
        Ok(first)
    }

    /// Waits until every message sent before is routed or refused at this host; returns the
    /// verdicts on them, oldest first. A message that left for another host or a card may still
    /// get a verdict later.
    ///
    /// # Errors
    /// Whatever ends the connection.
    pub async fn flush(&mut self) -> Result<Vec<Undelivered>, ClientError> {
        self.link.session.check()?;
        let number = self.link.session.request(&Request::Flush);
        match self.link.reply(number).await? {
            Reply::Flushed => Ok(self.link.session.verdicts_before(number)),
            _ => Err(wrong_answer()),
        }
    }

    /// The first frame under a new secret makes it the only one.
    pub(super) async fn confirm(&mut self) -> Result<(), ClientError> {
        match self.link.ask(&Request::Flush).await? {
            Reply::Flushed => {
                self.saved = self.saved.as_ref().map(SavedCapability::confirmed);
                Ok(())
            }
            _ => Err(wrong_answer()),
        }
    }

    /// Verdicts that came so far and were not fetched, oldest first.
    pub fn verdicts(&mut self) -> Vec<Undelivered> {
        self.link.session.verdicts()
    }

    /// How many verdicts were dropped because nobody fetched them.
    pub fn verdicts_lost(&self) -> u64 {
        self.link.session.verdicts_lost()
    }

    /// The next message for this id. May be dropped and called again without losing anything.
    ///
    /// # Errors
    /// Whatever ends the connection. What was not received by then is not taken.
    pub async fn receive(&mut self) -> Result<Delivery, ClientError> {
        loop {
            if let Some(delivery) = self.link.session.delivery() {
                return Ok(delivery);
            }
            self.link.turn(None).await?;
        }
    }

    /// The next message, or `None` if none comes in time.
    ///
    /// # Errors
    /// As [`Capability::receive`].
    pub async fn receive_within(
        &mut self,
        timeout: Duration,
    ) -> Result<Option<Delivery>, ClientError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(delivery) = self.link.session.delivery() {
                return Ok(Some(delivery));
            }
            if !self.link.turn(Some(deadline)).await? {
                return Ok(None);
            }
        }
    }

    /// A message that has arrived already, without any input or output.
    pub fn held(&mut self) -> Option<Delivery> {
        self.link.session.delivery()
    }

    /// The next message or verdict, or `None` if none comes in time.
    ///
    /// # Errors
    /// As [`Capability::receive`].
    pub async fn event_within(&mut self, timeout: Duration) -> Result<Option<Event>, ClientError> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(undelivered) = self.link.session.next_verdict() {
                return Ok(Some(Event::Undelivered(undelivered)));
            }
            if let Some(delivery) = self.link.session.delivery() {
                return Ok(Some(Event::Delivery(delivery)));
            }
            if !self.link.turn(Some(deadline)).await? {
                return Ok(None);
            }
        }
    }

    /// Sends `question` and waits for a message of type `A` from the same peer. A verdict on the
    /// question, or the peer's refusal of it, is an error. Other messages are kept for `receive`.
    ///
    /// # Errors
    /// [`ClientError::Undelivered`], [`ClientError::OrderRefused`], [`ClientError::Timeout`],
    /// [`ClientError::Answer`], and whatever ends the connection.
    pub async fn call<Q: Param, A: Param>(
        &mut self,
        dst: EntityId,
        question: &Q,
        timeout: Duration,
    ) -> Result<A, ClientError> {
        self.call_where(dst, question, timeout, |_| true).await
    }

    /// As [`Capability::call`], for the first answer whose contents fit.
    ///
    /// # Errors
    /// As [`Capability::call`].
    pub async fn call_where<Q: Param, A: Param>(
        &mut self,
        dst: EntityId,
        question: &Q,
        timeout: Duration,
        fits: impl Fn(&A) -> bool,
    ) -> Result<A, ClientError> {
        if Q::MTYPE.is_privileged() {
            return Err(ClientError::Privileged(Q::MTYPE));
        }
        let param = codec::to_vec(question);
        self.exchange(dst, Q::MTYPE, &param, timeout, fits).await
    }

    /// Sends parameters as they are and waits for a typed answer.
    pub(super) async fn exchange<A: Param>(
        &mut self,
        dst: EntityId,
        mtype: Mtype,
        param: &[u8],
        timeout: Duration,
        fits: impl Fn(&A) -> bool,
    ) -> Result<A, ClientError> {
        let answer = |delivery: &Delivery| match delivery.message.header.mtype {
            other if other != A::MTYPE => false,
            _ => A::from_param(&delivery.message.param).map_or(true, |answer| fits(&answer)),
        };
        let delivery = self.ask_peer(dst, mtype, param, timeout, answer).await?;
        A::from_param(&delivery.message.param).map_err(|error| ClientError::Answer {
            mtype: A::MTYPE,
            error,
        })
    }

    /// Sends parameters as they are and waits for a delivery of the peer that fits; the peer's
    /// `order-refused` for `mtype` is an error.
    pub(super) async fn ask_peer(
        &mut self,
        dst: EntityId,
        mtype: Mtype,
        param: &[u8],
        timeout: Duration,
        fits: impl Fn(&Delivery) -> bool,
    ) -> Result<Delivery, ClientError> {
        let deadline = Instant::now() + timeout;
        let after = self.link.session.last_delivery();
        let number = self.queue(dst, mtype, param)?;
        let fits = |delivery: &Delivery| {
            let of_peer = delivery.message.header.src == dst;
            of_peer && (fits(delivery) || refusal_of(delivery, mtype).is_some())
        };
        let awaited = Awaited {
            number,
            after,
            mtype,
            fits,
        };
        let delivery = self.link.answer(awaited, Some(deadline)).await?;
        match refusal_of(&delivery, mtype) {
            Some(refused) => Err(order_refused(refused)),
            None => Ok(delivery),
        }
    }

    /// Makes a narrower, send-only capability for another program. `None` keeps what this one may.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the daemon's reason.
    pub async fn derive(
        &mut self,
        destinations: Option<Vec<EntityId>>,
        mtypes: Option<Vec<Mtype>>,
    ) -> Result<Token, ClientError> {
        let request = Request::Derive(body::Derive {
            destinations: destinations.map(List),
            mtypes: mtypes.map(List),
        });
        match self.link.ask(&request).await? {
            Reply::Derived(token) => Ok(Token(token)),
            _ => Err(wrong_answer()),
        }
    }

    /// Ends the id for ever, also a durable one.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the daemon's reason, and whatever ends the connection.
    pub async fn release(mut self) -> Result<(), ClientError> {
        match self.link.ask(&Request::Release).await? {
            Reply::Released => Ok(()),
            _ => Err(wrong_answer()),
        }
    }

    /// Asks as an administrator.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if this user is none.
    pub async fn control(&mut self, request: &ControlRequest) -> Result<ControlReply, ClientError> {
        control_over(&mut self.link, request).await
    }
}

/// The peer's refusal of an order of type `mtype`, if the delivery is one.
fn refusal_of(delivery: &Delivery, mtype: Mtype) -> Option<OrderRefused> {
    let message = &delivery.message;
    if message.header.mtype != OrderRefused::MTYPE {
        return None;
    }
    let refused = OrderRefused::from_param(&message.param).ok()?;
    (refused.mtype == mtype).then_some(refused)
}

fn order_refused(refused: OrderRefused) -> ClientError {
    ClientError::OrderRefused {
        mtype: refused.mtype,
        code: refused.code,
        detail: refused.detail,
    }
}
