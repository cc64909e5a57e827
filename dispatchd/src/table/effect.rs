//! What goes into a shard and what comes out of it, beside the bytes of connections.

use std::sync::Arc;

use guard_policies::chain::Judgement;
use guard_policies::{Entry, Now, Principal};
use libetp::digest::Hash;
use libetp::verdict::Subject;
use libetp::{Domain, EntityId, Header, Message, Verdict, VerdictCode};

use super::directory::Directory;
use super::guard::{Guard, GuardRecord};
use super::ledger::Sender;
use super::parking::{HoldTicket, SlowJob};
use super::registry::ShardIndex;
use super::returns::{Back, ConnectionId};
use super::store::StoredCapability;

/// Something happens to a shard.
#[derive(Debug)]
pub enum Input {
    /// A message enters from a card, another host or the daemon.
    Submit {
        /// Where it comes in; never `App`.
        entry: Entry,
        /// The sender's own number.
        number: u64,
        /// The message.
        message: Message,
    },
    /// A `Submit` found the queue into the shard full: where it came in, the sender's number, and
    /// which message it was.
    Overloaded(Entry, u64, Subject),
    /// From another shard.
    Crossed(Crossing),
    /// What the shard knows of domains changed.
    Directory(Arc<Directory>),
    /// The domain's card takes messages.
    CardAttached(Domain),
    /// The domain's card takes none any more.
    CardDetached(Domain, VerdictCode),
    /// The directory says anew how the domain's card is.
    CardState(Domain),
    /// A message for a card is done with: completed, or not delivered for a reason.
    CardDone(Domain, u64, Option<Verdict>),
    /// What another host says of a message that went to it.
    RemoteVerdict(Subject, u64, Verdict),
    /// The pool has ports of the domain again.
    PortsFed(Domain),
    /// The store did what a [`Effect::Persist`] asked, or failed.
    Persisted(Ticket, bool),
    /// The answer to a control request.
    ControlReply(ConnectionId, u64, Vec<u8>),
    /// Time passed.
    Tick(Now),
    /// What Guard consists of changed.
    Guard(Arc<Guard>),
    /// The worker asked a slow policy: what its chain says, and which generation that is.
    Judged {
        /// The message.
        ticket: HoldTicket,
        /// Of the chain.
        generation: u64,
        /// What it says.
        judgement: Judgement,
        /// For those who watch.
        record: Option<Box<GuardRecord>>,
    },
    /// An administrator answered about a message that waits.
    Answered(HoldTicket, bool),
    /// The daemon will end: what waits for ids that nobody is connected as goes back.
    ReturnMail,
    /// Close everything.
    ShutDown,
}

/// What one shard says to another.
#[derive(Debug)]
pub enum Crossing {
    /// A message that Guard let pass where it came in.
    Message {
        /// Where it came in.
        entry: Entry,
        /// Who pays for it.
        sender: Sender,
        /// Where a verdict goes.
        back: Back,
        /// The message.
        message: Message,
    },
    /// A verdict for a connection.
    Verdict(ConnectionId, u64, Verdict),
    /// Answer with [`Crossing::Passed`] when everything before is done.
    Barrier(ConnectionId),
    /// Answer to [`Crossing::Barrier`].
    Passed(ConnectionId, ShardIndex),
    /// The answer to a control request, for a connection that may have moved.
    ControlReply(ConnectionId, u64, Vec<u8>),
    /// To the shard that it connected to: the connection is at this one now.
    Moved(ConnectionId, ShardIndex),
    /// To the shard that it connected to: the connection ended elsewhere.
    Left(ConnectionId),
    /// The id ended or was resumed: the home of its card's queue tells the card.
    Ended(EntityId),
}

/// Which request a change of the store belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// A change of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Store or replace.
    Put(StoredCapability),
    /// Forget.
    Remove(EntityId),
}

/// What a shard wants done.
#[derive(Debug)]
pub enum Effect {
    /// Tell another shard.
    Cross(ShardIndex, Crossing),
    /// Give a message to a card's link; answer with [`Input::CardDone`].
    ToCard(Domain, u64, Message),
    /// Give a message to a host; a refusal at once goes to [`Shard::returned`](super::Shard::returned).
    ToRemote(Hash, ForRemote),
    /// Tell a host what became of its message.
    RemoteVerdict(Hash, Subject, u64, Verdict),
    /// A message for a host service.
    ToHost(Entry, Message),
    /// The domain's card should reserve ports.
    WantPorts(Domain),
    /// Change the store; answer with [`Input::Persisted`], if there is a ticket.
    Persist(Option<Ticket>, Change),
    /// Move the connection, with what it has sent and was not consumed, to another shard.
    Move(ConnectionId, ShardIndex),
    /// An administrator asks.
    Control(Principal, ConnectionId, u64, Vec<u8>),
    /// Something for the log.
    Event(&'static str, Option<EntityId>, Option<Principal>, String),
    /// [`Input::Tick`] is wanted at this time, in its milliseconds.
    Wake(u64),
    /// A slow policy is to be asked; answer with what [`SlowJob::run`] gives.
    AskWorker(Box<SlowJob>),
    /// A message was judged, and somebody watches.
    Judged(Box<GuardRecord>),
    /// A message was judged.
    Trace(Entry, Header, usize, &'static str),
}

/// A message for another host.
#[derive(Debug)]
pub struct ForRemote {
    /// Comes back with a verdict.
    pub number: u64,
    /// The message.
    pub message: Message,
    /// Where a verdict at once goes.
    pub back: Back,
    /// What the message is for a card that sent it.
    pub subject: Option<Subject>,
}
