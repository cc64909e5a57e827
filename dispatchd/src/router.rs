//! [`Router`]: the one way into the dispatch table for everything that is not a program's socket.
//!
//! Calls never block and never fail: what does not enter the table comes back as a verdict the
//! way it came. Calls of one thread take effect in their order.

use std::os::unix::net::UnixListener;
use std::sync::Arc;

use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Domain, EntityId, Message, Verdict};
use tokio::sync::mpsc;

use crate::table::{CapabilityStore, CardLimits, DomainState, StoreError};

pub use guard_policies::Principal;

/// Where a message enters that does not come over the application socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// From the card of this domain.
    Card(Domain),
    /// From the host with this key id.
    Remote(Hash),
    /// From the daemon itself, as a host service of a local domain.
    Host,
}

/// Where messages for a card go: its number, for [`Router::card_completed`] and
/// [`Router::card_failed`], and the message. Never more than [`CARD_WINDOW_MESSAGES`] are
/// outstanding, so a channel of that capacity is never full.
pub type CardPort = mpsc::Sender<(u64, Message)>;

/// Most messages that a card has been given and that are not completed.
pub const CARD_WINDOW_MESSAGES: usize = 16;

/// Where messages for other hosts go. Called on I/O threads: it must not block.
pub trait RemotePort: Send + Sync {
    /// Sends to a host. `number` comes back with a verdict.
    ///
    /// # Errors
    /// The verdict that the sender gets at once.
    fn send(&self, host: Hash, number: u64, message: Message) -> Result<(), Verdict>;
    /// Tells a host what became of its message.
    fn verdict(&self, host: Hash, subject: Subject, number: u64, verdict: Verdict);
}

/// The daemon's side of the table. Called on I/O threads: it must not block.
pub trait HostPort: Send + Sync {
    /// A message for a host service other than diagnostics, as `hello` and `ports-reserved`.
    fn message(&self, entry: Entry, message: Message);
    /// The domain runs out of ports: ask its card, and feed [`Router::ports`].
    fn want_ports(&self, domain: Domain);
    /// An administrator's request; answer with [`Router::control_reply`].
    fn control(&self, request: ControlRequest);
    /// Something that belongs in the log.
    fn event(&self, event: Event);
    /// A message was judged; only called if [`Settings::trace`].
    fn trace(&self, record: TraceRecord);
}

/// A request of an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRequest {
    /// Who asks; the table checked that it may.
    pub principal: Principal,
    /// For the reply.
    pub ticket: ControlTicket,
    /// As in the frame.
    pub body: Vec<u8>,
}

/// Says which request a reply belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlTicket {
    pub(crate) connection: u64,
    pub(crate) number: u64,
}

/// Something that happened in the table and that an operator may want to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Name of the counter that was raised with it.
    pub name: &'static str,
    /// The id it concerns, if there is one.
    pub id: Option<EntityId>,
    /// Whose doing it was, if it was a program's.
    pub principal: Option<Principal>,
    /// Words for people.
    pub detail: String,
}

/// One message that entered the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRecord {
    /// `app`, `card`, `remote` or `host`.
    pub entry: &'static str,
    /// Source, destination and type.
    pub header: libetp::Header,
    /// Its length with the header.
    pub bytes: usize,
    /// `stored`, `card`, `remote`, `host`, or the name of a verdict.
    pub outcome: &'static str,
}

/// What a [`Router`] is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// I/O threads, each with its shard of the table; at least 1.
    pub threads: u16,
    /// Users whose programs may authenticate to cards.
    pub owners: Vec<u32>,
    /// Users who may send `CONTROL`, beside root and the daemon's own.
    pub admins: Vec<u32>,
    /// Name and version, for `WELCOME`.
    pub software: String,
    /// Whether [`HostPort::trace`] is called.
    pub trace: bool,
}

/// What the table holds at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Every counter by its name.
    pub counters: std::collections::BTreeMap<String, u64>,
    /// Acquired ids, in order.
    pub ids: Vec<IdSnapshot>,
    /// Local domains, in order.
    pub domains: Vec<DomainSnapshot>,
    /// Domains of other hosts, in order.
    pub routes: Vec<(Domain, Hash)>,
}

/// An acquired id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdSnapshot {
    /// The id.
    pub id: EntityId,
    /// What the program calls itself.
    pub name: String,
    /// Whose it is.
    pub uid: u32,
    /// The process, while it is connected.
    pub pid: Option<i32>,
    /// Whether it outlives its connection.
    pub durable: bool,
    /// Derived connections that send as it.
    pub derived: u32,
    /// Messages that wait or are not taken.
    pub waiting: u64,
    /// Their bytes.
    pub waiting_bytes: u64,
}

/// A local domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainSnapshot {
    /// The domain.
    pub domain: Domain,
    /// How its card is.
    pub state: DomainState,
    /// Reserved ports that no program has.
    pub ports_left: u32,
    /// Messages that wait for the card.
    pub queued: u64,
}

/// Why the table does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Durable capabilities cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread or runtime cannot be made.
    #[error("I/O threads: {0}")]
    Io(#[from] std::io::Error),
}

/// A handle to the running table.
#[derive(Clone)]
pub struct Router {
    _shared: Arc<()>,
}

impl Router {
    /// Starts the I/O threads and loads durable capabilities.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub fn start(
        settings: Settings,
        store: Box<dyn CapabilityStore>,
        host: Arc<dyn HostPort>,
    ) -> Result<Self, StartError> {
        let _ = (settings, store, host);
        Ok(Self {
            _shared: Arc::new(()),
        })
    }

    /// Accepts programs on a listening socket.
    ///
    /// # Errors
    /// If the socket cannot be prepared.
    pub fn serve(&self, listener: UnixListener) -> std::io::Result<()> {
        let _ = listener;
        Ok(())
    }

    /// A message enters the table. `number` is the sender's own and comes back with a verdict.
    pub fn submit(&self, entry: Entry, number: u64, message: Message) {
        let _ = (entry, number, message);
    }

    /// The domain is one of this host's; its card is not live yet.
    pub fn add_local_domain(&self, domain: Domain) {
        let _ = domain;
    }

    /// The domain's card proved itself: messages for it go to `port` from now on.
    pub fn attach_card(&self, domain: Domain, port: CardPort, limits: CardLimits) {
        let _ = (domain, port, limits);
    }

    /// The domain's card takes no more messages. Those that wait, and those sent later, get
    /// `code`; those that it was given and that were not completed get `unknown`. With `Suspended`
    /// or `Quarantined` the domain's programs can not send either.
    pub fn detach_card(&self, domain: Domain, code: libetp::VerdictCode) {
        let _ = (domain, code);
    }

    /// An APDU with this message completed: it is delivered.
    pub fn card_completed(&self, domain: Domain, number: u64) {
        let _ = (domain, number);
    }

    /// The card did not get this message.
    pub fn card_failed(&self, domain: Domain, number: u64, verdict: Verdict) {
        let _ = (domain, number, verdict);
    }

    /// Where messages for other hosts go.
    pub fn attach_remote(&self, port: Arc<dyn RemotePort>) {
        let _ = port;
    }

    /// Which host serves which domain; replaces all routes.
    pub fn set_routes(&self, routes: Vec<(Domain, Hash)>) {
        let _ = routes;
    }

    /// Replaces the card owners and administrators.
    pub fn set_users(&self, owners: Vec<u32>, admins: Vec<u32>) {
        let _ = (owners, admins);
    }

    /// What a host says of a message that went to it.
    pub fn verdict(&self, subject: Subject, number: u64, verdict: Verdict) {
        let _ = (subject, number, verdict);
    }

    /// The domain's card reserved ports `first .. first + count`.
    pub fn ports(&self, domain: Domain, first: u32, count: u32) {
        let _ = (domain, first, count);
    }

    /// Answers a [`ControlRequest`].
    pub fn control_reply(&self, ticket: ControlTicket, body: Vec<u8>) {
        let _ = (ticket, body);
    }

    /// What the table holds.
    pub async fn snapshot(&self) -> Snapshot {
        Snapshot::default()
    }

    /// Takes no more messages and connections: each is refused with `shutting-down`.
    pub fn drain(&self) {}

    /// Closes every connection and ends the threads; returns when they have ended.
    pub fn shutdown(&self) {}
}
