//! What the table talks to: cards, other hosts and the daemon.

use guard_policies::Principal;
use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Domain, EntityId, Message, Verdict};
use tokio::sync::mpsc;

#[cfg(doc)]
use super::{CARD_WINDOW_MESSAGES, Router, Settings};
use crate::table::GuardRecord;

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

/// Where messages for a card go. Called on I/O threads: it must not block.
pub trait CardPort: Send {
    /// Takes a message, whose number is for [`Router::card_completed`] and
    /// [`Router::card_failed`]; `false` if the card is gone. Never more than
    /// [`CARD_WINDOW_MESSAGES`] are outstanding, so a queue of that capacity is never full.
    fn send(&self, number: u64, message: Message) -> bool;
}

impl CardPort for mpsc::Sender<(u64, Message)> {
    fn send(&self, number: u64, message: Message) -> bool {
        self.try_send((number, message)).is_ok()
    }
}

/// Where messages for other hosts go. Called on I/O threads: it must not block.
pub trait RemotePort: Send + Sync {
    /// Sends to a host. `number` comes back with a verdict.
    ///
    /// # Errors
    /// The verdict that the sender gets at once.
    fn send(&self, host: Hash, number: u64, message: Message) -> Result<(), Verdict>;
    /// Tells a host what became of its message. Returns whether there was room.
    fn verdict(&self, host: Hash, subject: Subject, number: u64, verdict: Verdict) -> bool;
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
    /// Messages were judged, all in one pass of an I/O thread; only called if [`Settings::trace`].
    fn trace(&self, records: &[TraceRecord]);
    /// Guard judged a message that somebody watches.
    fn judged(&self, record: GuardRecord) {
        drop(record);
    }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRecord {
    /// `app`, `card`, `remote` or `host`.
    pub entry: &'static str,
    /// Source, destination and type.
    pub header: libetp::Header,
    /// Its length with the header.
    pub bytes: usize,
    /// `stored`, `card`, `remote`, `host`, or the name of a verdict.
    pub outcome: &'static str,
    /// Processor time of the I/O thread from reading it to the last write that followed, in
    /// microseconds; messages of one read share it equally.
    pub cpu_us: u64,
    /// The time besides, shared like `cpu_us`.
    pub io_us: u64,
}
