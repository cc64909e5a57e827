//! An owner who gives orders to a card through the messaging library, and goes on after any crash.

mod mint;
mod trouble;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use etp_pki::Role;
use etp_pki::scheme::SchemeFile;
use libetp::EntityId;
use libetp::client::blocking::{Capability, CapabilityFile, CardSession, Connection};
use libetp::client::{CardPin, ClientError, Delivery};
use libetp::params::Param;
use libetp::params::runtime::{CardInfo, CardInfoRequest};
use libetp::params::thirdparty::{OutcomeRecord, OutcomeRequest};
use libetp::params::voucher::{ExchangeResult, ExchangeState, Vid, Xid};

pub use mint::Mint;
pub use trouble::Trouble;

use crate::deployment::{Deployment, PIN};
use crate::host::Host;
use crate::program::Failure;

/// What an owner's program calls itself.
const NAME: &str = "owner";
/// How long a card may take to answer, before the connection is given up and made anew.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// What an attempt came to.
pub type Attempt<T> = Result<T, Trouble>;

/// An owner with a durable id at its card. Whatever breaks the connection is [`Trouble::Passing`]:
/// the next order connects, resumes and authenticates again.
#[derive(Debug)]
pub struct Owner {
    id: EntityId,
    socket: PathBuf,
    file: CapabilityFile,
    pin: CardPin,
    line: Option<Line>,
    answers: Arc<AtomicU64>,
}

/// An open connection with an open channel to the card.
#[derive(Debug)]
struct Line {
    capability: Capability,
    session: CardSession,
}

impl Owner {
    /// Acquires a durable id at a host and pins its card.
    ///
    /// # Errors
    /// [`Failure`] if the daemon is not there or the card's certificate not of the scheme.
    pub fn at(host: &Host, deployment: &Deployment) -> Result<Self, Failure> {
        let socket = host.socket();
        let file = CapabilityFile::new(host.path().join("owner.capability"));
        let failed = |error: ClientError| Failure::new(format!("{}: {error}", host.name));
        let connection = Connection::open(&socket, NAME).map_err(failed)?;
        let mut capability = file.acquire(connection, None).map_err(failed)?;
        let id = capability.id();
        let info = capability.call(id.domain.card(), &CardInfoRequest {}, ANSWER_TIMEOUT);
        let pin = pin(&info.map_err(failed)?, id, deployment)?;
        Ok(Self {
            id,
            socket,
            file,
            pin,
            line: None,
            answers: Arc::default(),
        })
    }

    /// Its id.
    pub fn id(&self) -> EntityId {
        self.id
    }

    /// Counts the messages that it received.
    pub fn answers(&self) -> Arc<AtomicU64> {
        self.answers.clone()
    }

    /// Gives an order and waits for no answer.
    ///
    /// # Errors
    /// [`Trouble`] of the connection.
    pub fn order<P: Param>(&mut self, order: &P) -> Attempt<()> {
        self.try_with(|line| line.session.send(&mut line.capability, order).map(drop))
    }

    /// Gives an order and waits for its answer.
    ///
    /// # Errors
    /// [`Trouble`]; [`Trouble::Refused`] if the card does not carry it out.
    pub fn ask<P: Param, A: Param>(&mut self, order: &P) -> Attempt<A> {
        self.try_with(|line| {
            let Line {
                capability,
                session,
            } = line;
            session.order(capability, order, ANSWER_TIMEOUT)
        })
    }

    /// Everything open, and results to be acknowledged; the card sends those again.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn exchanges(&mut self) -> Attempt<Vec<ExchangeState>> {
        self.try_with(|line| {
            line.session
                .list_exchanges(&mut line.capability, ANSWER_TIMEOUT)
        })
    }

    /// The vouchers that the card holds, in order.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub fn vouchers(&mut self) -> Attempt<Vec<Vid>> {
        let held = self.try_with(|line| {
            line.session
                .list_vouchers(&mut line.capability, ANSWER_TIMEOUT)
        })?;
        Ok(held.into_iter().map(|holding| holding.vid).collect())
    }

    /// The next message, or `None` if none comes in time.
    ///
    /// # Errors
    /// [`Trouble`] of the connection.
    pub fn receive(&mut self, timeout: Duration) -> Attempt<Option<Delivery>> {
        let delivery = self.try_with(|line| line.capability.receive_within(timeout))?;
        if delivery.is_some() {
            self.answers.fetch_add(1, Ordering::Relaxed);
        }
        Ok(delivery)
    }

    /// The card may forget a result.
    ///
    /// # Errors
    /// [`Trouble`] of the connection.
    pub fn acknowledge(&mut self, result: &ExchangeResult) -> Attempt<()> {
        let card = self.id.domain.card();
        self.send(card, &result.acknowledgement())
    }

    /// Sends a message that is no order.
    ///
    /// # Errors
    /// [`Trouble`] of the connection.
    pub fn send<P: Param>(&mut self, to: EntityId, message: &P) -> Attempt<()> {
        self.try_with(|line| line.capability.send_param(to, message).map(drop))
    }

    /// What a third party decided on an exchange, an `Outcome`; `None` if nobody asked it to.
    ///
    /// # Errors
    /// [`Trouble`], also while the third party is away.
    pub fn decided(&mut self, third_party: EntityId, xid: Xid) -> Attempt<Option<u8>> {
        let record: OutcomeRecord = self.try_with(|line| {
            let of_xid = |record: &OutcomeRecord| record.xid == xid;
            line.capability
                .call_where(third_party, &OutcomeRequest { xid }, ANSWER_TIMEOUT, of_xid)
        })?;
        Ok(record.outcome)
    }

    /// Runs on the open line, or on a new one. A line that failed is not used again.
    fn try_with<T>(&mut self, run: impl FnOnce(&mut Line) -> Result<T, ClientError>) -> Attempt<T> {
        let mut line = match self.line.take() {
            Some(line) => line,
            None => self.connect()?,
        };
        match run(&mut line).map_err(Trouble::from) {
            Err(trouble @ Trouble::Passing(_)) => Err(trouble),
            other => {
                self.line = Some(line);
                other
            }
        }
    }

    fn connect(&self) -> Attempt<Line> {
        let connection = Connection::open(&self.socket, NAME)?;
        let resumed = self.file.resume(connection)?;
        let lost = || Trouble::Fatal(format!("{} is not saved any more", self.id));
        let mut capability = resumed.ok_or_else(lost)?;
        let secret = PIN.as_bytes();
        let session =
            CardSession::authenticate(&mut capability, &self.pin, secret, ANSWER_TIMEOUT)?;
        Ok(Line {
            capability,
            session,
        })
    }
}

/// The card's certificate, verified and of that domain.
fn pin(info: &CardInfo, id: EntityId, deployment: &Deployment) -> Result<CardPin, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::new(format!("card of {id}: {error}"));
    let scheme = SchemeFile::load(deployment.scheme_file()).map_err(|error| wrong(&error))?;
    let leaf = etp_pki::verify(&info.certificate, Role::Card, &scheme.anchors());
    let leaf = leaf.map_err(|error| wrong(&error))?;
    match (leaf.domain() == Some(id.domain), leaf.agree) {
        (true, Some(agree)) => Ok(CardPin::new(id.domain, &info.certificate, agree)),
        _ => Err(wrong(&"its certificate is not for it")),
    }
}
