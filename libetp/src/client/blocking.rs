//! The messaging library for programs without a runtime: the same API, each call blocks its
//! thread.
//!
//! The futures of the async API never wait on anything but [`Socket::ready`](super::Socket), and
//! that of a [`BlockingSocket`] waits by blocking. So one poll finishes each of them.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::control::{ControlReply, ControlRequest};
use super::error::{ClientError, Undelivered};
use super::handlers::Handlers;
use super::saved::SavedCapability;
use super::session::{Delivery, Taking};
use super::socket::BlockingSocket;
use super::{CardPin, Event, PinProof, Token};
use crate::id::{Domain, EntityId};
use crate::local::Trust;
use crate::mtype::Mtype;
use crate::params::Param;
use crate::params::voucher::{
    Disputed, ExchangeResult, ExchangeStarted, ExchangeState, Holding, Issue, IssueCancelled,
    IssueChallenge, Offer, Redeem, Redeemed, RedemptionForgotten, StartExchange, Vid, Xid,
};

fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// See [`Connection`](super::Connection).
#[derive(Debug)]
pub struct Connection(super::Connection<BlockingSocket>);

/// See [`Capability`](super::Capability).
#[derive(Debug)]
pub struct Capability(super::Capability<BlockingSocket>);

/// See [`CardSession`](super::CardSession).
#[derive(Debug)]
pub struct CardSession(super::CardSession);

/// See [`CapabilityFile`](super::CapabilityFile).
#[derive(Clone, Debug)]
pub struct CapabilityFile(super::CapabilityFile);

type Result<T> = std::result::Result<T, ClientError>;

impl Connection {
    /// See [`Connection::open`](super::Connection::open).
    ///
    /// # Errors
    /// As there.
    pub fn open(path: impl AsRef<Path>, name: &str) -> Result<Self> {
        Self::open_trusting(path, name, &Trust::default())
    }

    /// See [`Connection::open_trusting`](super::Connection::open_trusting).
    ///
    /// # Errors
    /// As there.
    pub fn open_trusting(path: impl AsRef<Path>, name: &str, trust: &Trust) -> Result<Self> {
        let socket = BlockingSocket::new(trust.connect(path.as_ref())?)?;
        finish(super::Connection::greet(socket, name)).map(Self)
    }

    /// Name and version of the daemon.
    pub fn daemon(&self) -> &str {
        self.0.daemon()
    }

    /// See [`Connection::acquire`](super::Connection::acquire).
    ///
    /// # Errors
    /// As there.
    pub fn acquire(self, domain: Option<Domain>, durable: bool) -> Result<Capability> {
        finish(self.0.acquire(domain, durable)).map(Capability)
    }

    /// See [`Connection::resume`](super::Connection::resume).
    ///
    /// # Errors
    /// As there.
    pub fn resume(self, saved: &SavedCapability) -> Result<Capability> {
        finish(self.0.resume(saved)).map(Capability)
    }

    /// See [`Connection::adopt`](super::Connection::adopt).
    ///
    /// # Errors
    /// As there.
    pub fn adopt(self, token: &Token) -> Result<Capability> {
        finish(self.0.adopt(token)).map(Capability)
    }

    /// See [`Connection::control`](super::Connection::control).
    ///
    /// # Errors
    /// As there.
    pub fn control(&mut self, request: &ControlRequest) -> Result<ControlReply> {
        finish(self.0.control(request))
    }
}

impl CapabilityFile {
    /// See [`CapabilityFile::new`](super::CapabilityFile::new).
    pub fn new(path: impl Into<std::path::PathBuf>) -> Self {
        Self(super::CapabilityFile::new(path))
    }

    /// See [`CapabilityFile::acquire`](super::CapabilityFile::acquire).
    ///
    /// # Errors
    /// As there.
    pub fn acquire(&self, connection: Connection, domain: Option<Domain>) -> Result<Capability> {
        finish(self.0.acquire(connection.0, domain)).map(Capability)
    }

    /// See [`CapabilityFile::resume`](super::CapabilityFile::resume).
    ///
    /// # Errors
    /// As there.
    pub fn resume(&self, connection: Connection) -> Result<Option<Capability>> {
        let resumed = finish(self.0.resume(connection.0))?;
        Ok(resumed.map(Capability))
    }

    /// See [`CapabilityFile::load`](super::CapabilityFile::load).
    ///
    /// # Errors
    /// As there.
    pub fn load(&self) -> Result<Option<SavedCapability>> {
        Ok(self.0.load()?)
    }

    /// See [`CapabilityFile::remove`](super::CapabilityFile::remove).
    ///
    /// # Errors
    /// As there.
    pub fn remove(&self) -> Result<()> {
        Ok(self.0.remove()?)
    }
}

impl Capability {
    /// The id that this connection is.
    pub fn id(&self) -> EntityId {
        self.0.id()
    }

    /// See [`Capability::saved`](super::Capability::saved).
    pub fn saved(&self) -> Option<&SavedCapability> {
        self.0.saved()
    }

    /// See [`Capability::is_resumed`](super::Capability::is_resumed).
    pub fn is_resumed(&self) -> bool {
        self.0.is_resumed()
    }

    /// See [`Capability::set_taking`](super::Capability::set_taking).
    pub fn set_taking(&mut self, taking: Taking) {
        self.0.set_taking(taking);
    }

    /// See [`Capability::take`](super::Capability::take).
    pub fn take(&mut self, number: u64) {
        self.0.take(number);
    }

    /// See [`Capability::take_received`](super::Capability::take_received).
    pub fn take_received(&mut self) {
        self.0.take_received();
    }

    /// See [`Capability::queue`](super::Capability::queue).
    ///
    /// # Errors
    /// As there.
    pub fn queue(&mut self, dst: EntityId, mtype: Mtype, param: &[u8]) -> Result<u64> {
        self.0.queue(dst, mtype, param)
    }

    /// See [`Capability::queue_param`](super::Capability::queue_param).
    ///
    /// # Errors
    /// As there.
    pub fn queue_param<P: Param>(&mut self, dst: EntityId, param: &P) -> Result<u64> {
        self.0.queue_param(dst, param)
    }

    /// See [`Capability::write_out`](super::Capability::write_out).
    ///
    /// # Errors
    /// As there.
    pub fn write_out(&mut self) -> Result<()> {
        finish(self.0.write_out())
    }

    /// See [`Capability::send`](super::Capability::send).
    ///
    /// # Errors
    /// As there.
    pub fn send(&mut self, dst: EntityId, mtype: Mtype, param: &[u8]) -> Result<u64> {
        finish(self.0.send(dst, mtype, param))
    }

    /// See [`Capability::send_param`](super::Capability::send_param).
    ///
    /// # Errors
    /// As there.
    pub fn send_param<P: Param>(&mut self, dst: EntityId, param: &P) -> Result<u64> {
        finish(self.0.send_param(dst, param))
    }

    /// See [`Capability::send_batch`](super::Capability::send_batch).
    ///
    /// # Errors
    /// As there.
    pub fn send_batch(&mut self, messages: &[(EntityId, Mtype, &[u8])]) -> Result<Option<u64>> {
        finish(self.0.send_batch(messages))
    }

    /// See [`Capability::flush`](super::Capability::flush).
    ///
    /// # Errors
    /// As there.
    pub fn flush(&mut self) -> Result<Vec<Undelivered>> {
        finish(self.0.flush())
    }

    /// See [`Capability::verdicts`](super::Capability::verdicts).
    pub fn verdicts(&mut self) -> Vec<Undelivered> {
        self.0.verdicts()
    }

    /// See [`Capability::verdicts_lost`](super::Capability::verdicts_lost).
    pub fn verdicts_lost(&self) -> u64 {
        self.0.verdicts_lost()
    }

    /// See [`Capability::receive`](super::Capability::receive).
    ///
    /// # Errors
    /// As there.
    pub fn receive(&mut self) -> Result<Delivery> {
        finish(self.0.receive())
    }

    /// See [`Capability::receive_within`](super::Capability::receive_within).
    ///
    /// # Errors
    /// As there.
    pub fn receive_within(&mut self, timeout: Duration) -> Result<Option<Delivery>> {
        finish(self.0.receive_within(timeout))
    }

    /// See [`Capability::held`](super::Capability::held).
    pub fn held(&mut self) -> Option<Delivery> {
        self.0.held()
    }

    /// See [`Capability::event_within`](super::Capability::event_within).
    ///
    /// # Errors
    /// As there.
    pub fn event_within(&mut self, timeout: Duration) -> Result<Option<Event>> {
        finish(self.0.event_within(timeout))
    }

    /// See [`Capability::call`](super::Capability::call).
    ///
    /// # Errors
    /// As there.
    pub fn call<Q: Param, A: Param>(
        &mut self,
        dst: EntityId,
        question: &Q,
        timeout: Duration,
    ) -> Result<A> {
        finish(self.0.call(dst, question, timeout))
    }

    /// See [`Capability::call_where`](super::Capability::call_where).
    ///
    /// # Errors
    /// As there.
    pub fn call_where<Q: Param, A: Param>(
        &mut self,
        dst: EntityId,
        question: &Q,
        timeout: Duration,
        fits: impl Fn(&A) -> bool,
    ) -> Result<A> {
        finish(self.0.call_where(dst, question, timeout, fits))
    }

    /// See [`Capability::derive`](super::Capability::derive).
    ///
    /// # Errors
    /// As there.
    pub fn derive(
        &mut self,
        destinations: Option<Vec<EntityId>>,
        mtypes: Option<Vec<Mtype>>,
    ) -> Result<Token> {
        finish(self.0.derive(destinations, mtypes))
    }

    /// See [`Capability::release`](super::Capability::release).
    ///
    /// # Errors
    /// As there.
    pub fn release(self) -> Result<()> {
        finish(self.0.release())
    }

    /// See [`Capability::control`](super::Capability::control).
    ///
    /// # Errors
    /// As there.
    pub fn control(&mut self, request: &ControlRequest) -> Result<ControlReply> {
        finish(self.0.control(request))
    }

    /// See [`Capability::dispatch`](super::Capability::dispatch).
    ///
    /// # Errors
    /// As there.
    pub fn dispatch(&mut self, handlers: &mut Handlers<'_>) -> Result<Vec<Delivery>> {
        finish(self.0.dispatch(handlers))
    }

    /// See [`voucher::issue`](super::voucher::issue).
    ///
    /// # Errors
    /// As there.
    pub fn issue(&mut self, issue: &Issue, timeout: Duration) -> Result<Vid> {
        finish(super::voucher::issue(&mut self.0, issue, timeout))
    }
}

/// See [`set_pin`](super::set_pin).
///
/// # Errors
/// As there.
pub fn set_pin(
    capability: &mut Capability,
    card: &CardPin,
    proof: PinProof<'_>,
    new_pin: &[u8],
    timeout: Duration,
) -> Result<()> {
    finish(super::set_pin(
        &mut capability.0,
        card,
        proof,
        new_pin,
        timeout,
    ))
}

impl CardSession {
    /// See [`CardSession::authenticate`](super::CardSession::authenticate).
    ///
    /// # Errors
    /// As there.
    pub fn authenticate(
        capability: &mut Capability,
        pin: &CardPin,
        secret: &[u8],
        timeout: Duration,
    ) -> Result<Self> {
        let session = super::CardSession::authenticate(&mut capability.0, pin, secret, timeout);
        finish(session).map(Self)
    }

    /// The card.
    pub fn card(&self) -> EntityId {
        self.0.card()
    }

    /// See [`CardSession::seal`](super::CardSession::seal).
    pub fn seal<P: Param>(&mut self, order: &P) -> Vec<u8> {
        self.0.seal(order)
    }

    /// See [`CardSession::send`](super::CardSession::send).
    ///
    /// # Errors
    /// As there.
    pub fn send<P: Param>(&mut self, capability: &mut Capability, order: &P) -> Result<u64> {
        finish(self.0.send(&mut capability.0, order))
    }

    /// See [`CardSession::order`](super::CardSession::order).
    ///
    /// # Errors
    /// As there.
    pub fn order<P: Param, A: Param>(
        &mut self,
        capability: &mut Capability,
        order: &P,
        timeout: Duration,
    ) -> Result<A> {
        finish(self.0.order(&mut capability.0, order, timeout))
    }

    /// See [`CardSession::list_vouchers`](super::CardSession::list_vouchers).
    ///
    /// # Errors
    /// As there.
    pub fn list_vouchers(
        &mut self,
        capability: &mut Capability,
        timeout: Duration,
    ) -> Result<Vec<Holding>> {
        finish(self.0.list_vouchers(&mut capability.0, timeout))
    }

    /// See [`CardSession::list_exchanges`](super::CardSession::list_exchanges).
    ///
    /// # Errors
    /// As there.
    pub fn list_exchanges(
        &mut self,
        capability: &mut Capability,
        timeout: Duration,
    ) -> Result<Vec<ExchangeState>> {
        finish(self.0.list_exchanges(&mut capability.0, timeout))
    }

    /// See [`CardSession::start_exchange`](super::CardSession::start_exchange).
    ///
    /// # Errors
    /// As there.
    pub fn start_exchange(
        &mut self,
        capability: &mut Capability,
        order: &StartExchange,
        timeout: Duration,
    ) -> Result<ExchangeStarted> {
        finish(self.0.start_exchange(&mut capability.0, order, timeout))
    }

    /// See [`CardSession::accept`](super::CardSession::accept).
    ///
    /// # Errors
    /// As there.
    pub fn accept(
        &mut self,
        capability: &mut Capability,
        offer: &Offer,
        timeout: Duration,
    ) -> Result<ExchangeResult> {
        finish(self.0.accept(&mut capability.0, offer, timeout))
    }

    /// See [`CardSession::cancel_offer`](super::CardSession::cancel_offer).
    ///
    /// # Errors
    /// As there.
    pub fn cancel_offer(
        &mut self,
        capability: &mut Capability,
        n1: [u8; 32],
        timeout: Duration,
    ) -> Result<ExchangeResult> {
        finish(self.0.cancel_offer(&mut capability.0, n1, timeout))
    }

    /// See [`CardSession::order_resolve`](super::CardSession::order_resolve).
    ///
    /// # Errors
    /// As there.
    pub fn order_resolve(
        &mut self,
        capability: &mut Capability,
        xid: Xid,
        third_party_ids: &[EntityId],
        timeout: Duration,
    ) -> Result<Disputed> {
        let ordered = self
            .0
            .order_resolve(&mut capability.0, xid, third_party_ids, timeout);
        finish(ordered)
    }

    /// See [`CardSession::order_abort`](super::CardSession::order_abort).
    ///
    /// # Errors
    /// As there.
    pub fn order_abort(
        &mut self,
        capability: &mut Capability,
        xid: Xid,
        third_party_ids: &[EntityId],
        timeout: Duration,
    ) -> Result<Disputed> {
        let ordered = self
            .0
            .order_abort(&mut capability.0, xid, third_party_ids, timeout);
        finish(ordered)
    }

    /// See [`CardSession::issue_begin`](super::CardSession::issue_begin).
    ///
    /// # Errors
    /// As there.
    pub fn issue_begin(
        &mut self,
        capability: &mut Capability,
        timeout: Duration,
    ) -> Result<IssueChallenge> {
        finish(self.0.issue_begin(&mut capability.0, timeout))
    }

    /// See [`CardSession::issue_cancel`](super::CardSession::issue_cancel).
    ///
    /// # Errors
    /// As there.
    pub fn issue_cancel(
        &mut self,
        capability: &mut Capability,
        challenge: [u8; 32],
        timeout: Duration,
    ) -> Result<IssueCancelled> {
        finish(self.0.issue_cancel(&mut capability.0, challenge, timeout))
    }

    /// See [`CardSession::forget_redemption`](super::CardSession::forget_redemption).
    ///
    /// # Errors
    /// As there.
    pub fn forget_redemption(
        &mut self,
        capability: &mut Capability,
        vid: Vid,
        timeout: Duration,
    ) -> Result<RedemptionForgotten> {
        finish(self.0.forget_redemption(&mut capability.0, vid, timeout))
    }

    /// See [`CardSession::redeem`](super::CardSession::redeem).
    ///
    /// # Errors
    /// As there.
    pub fn redeem(
        &mut self,
        capability: &mut Capability,
        order: &Redeem,
        timeout: Duration,
    ) -> Result<Redeemed> {
        finish(self.0.redeem(&mut capability.0, order, timeout))
    }
}
