//! One link: everything between this host and one other, as a pure state machine.
//!
//! Inputs are connections that open and close, frames, messages to send and the passing of time;
//! outputs are [`LinkEffect`]s, and bytes that a connection's writers pull when they have room.
//! Several connections may exist for a moment (both sides dial, or one reconnects before the
//! other noticed the loss); at most one is *current*, and only its frames count.
//!
//! Exactly once within a pair of incarnations: see `link/lane.rs`. A connection begins with a hello in
//! both directions that says what was received, whereupon each side repeats the rest.

mod connections;
mod control;
mod dial;
mod error;
mod frame;
mod lane;
mod receive;
mod timer;
mod transmit;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use libetp::digest::Hash;
use libetp::params::runtime::Statement;
use libetp::{Domain, Message, VerdictCode};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

pub use control::{
    Ack, Closing, Control, Hello, Incarnation, StatementFrame, VERSION, VerdictFrame, WantStatement,
};
pub use dial::Attempt;
pub use error::{LinkError, LinkFault};
pub use frame::{
    CONTROL_FRAME_BYTES_MAX, Frame, FrameReader, LANE_FRAME_BYTES_MAX, LENGTH_LEN,
    MESSAGE_PREFIX_LEN, MessageFrame, StreamKind, kind, parse, parse_lane, write,
};
pub use receive::Received;
pub use transmit::{BATCH_BYTES_MAX, Pending};

use crate::limits::{CHANNELS, LANES, Limits, VERDICTS_OWED_MAX};
use crate::status::{LinkState, LinkStatus};
use connections::Connection;
use dial::{DialState, Dialling};
use lane::{Inbound, Outbound};

/// A moment, passed in with every input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of a clock that never goes back.
    pub ms: u64,
    /// Unix time in seconds, for certificates.
    pub unix_s: u64,
}

/// One QUIC connection, numbered by the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// What is known of a connection when it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The attempt that led to it, or `None` if the peer dialled.
    pub attempt: Option<Attempt>,
    /// Where the peer is.
    pub address: SocketAddr,
    /// Last second in which both certificates are valid, Unix time.
    pub ends_unix_s: u64,
}

/// What the link wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEffect {
    /// Dial the peer, then call [`Link::opened`] or [`Link::dial_failed`].
    Dial(Attempt),
    /// Give an attempt up; its result is of no interest any more.
    Abandon(Attempt),
    /// Close a connection; its [`Link::closed`] is not expected any more.
    Close(ConnectionId, LinkFault),
    /// The link is up.
    Up(SocketAddr),
    /// The link that was up is down.
    Down(String),
    /// The peer's incarnation is another than before; so many verdicts for the former one are
    /// void.
    Restarted(u64),
    /// A message of our own will not be delivered.
    GaveUp(Box<Outgoing>, VerdictCode, &'static str),
    /// The link ended after [`Link::shut_down`].
    Finished,
}

/// A message on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The sender's.
    pub number: u64,
    /// The message.
    pub message: Message,
}

/// The link's queue has no room for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFull(pub Outgoing);

/// The state of everything between this host and one other.
#[derive(Debug)]
pub struct Link {
    own: Hash,
    peer: Hash,
    /// Where to dial the peer, if at all.
    address: Option<SocketAddr>,
    limits: Limits,
    random: ChaCha20Rng,
    incarnation: Incarnation,
    peer_incarnation: Option<Incarnation>,
    lanes: [Outbound<Outgoing>; LANES],
    verdicts: Outbound<VerdictFrame>,
    /// Messages transmitted to this incarnation of the peer that have had their verdict, or whose
    /// time for one is over.
    judged: u64,
    inbound: [Inbound; CHANNELS],
    wants: BTreeMap<Domain, Hash>,
    answers: BTreeMap<Domain, Option<Statement>>,
    connections: BTreeMap<ConnectionId, Connection>,
    current: Option<ConnectionId>,
    dialling: Dialling,
    /// The last acknowledgement, or the last time nothing was in flight.
    progress_ms: u64,
    /// The shutdown under way or done.
    ending: Option<Ending>,
    effects: VecDeque<LinkEffect>,
    counts: Counts,
}

/// How far a shutdown is.
#[derive(Clone, Copy, Debug)]
struct Ending {
    until_ms: u64,
    /// Since when nothing is under way in either direction.
    quiet_ms: Option<u64>,
    finished: bool,
}

#[derive(Debug, Default)]
struct Counts {
    sent: u64,
    received: u64,
    repeats: u64,
    ups: u64,
    up_since_ms: u64,
    state_since_ms: u64,
    last_state: Option<LinkState>,
    last_reason: String,
}

/// How much later the host with the larger key id first dials, so that two hosts that start
/// together do not both.
const SECOND_DIALLER_MS: u64 = 100;

impl Link {
    /// A link that begins to dial at once if it has an address. `seed` must be unpredictable.
    pub fn new(
        own: Hash,
        peer: Hash,
        address: Option<SocketAddr>,
        incarnation: Incarnation,
        limits: Limits,
        seed: [u8; 32],
        now: Now,
    ) -> Self {
        let mut dialling = Dialling::new();
        if address.is_some() {
            let pause_ms = if own < peer { 0 } else { SECOND_DIALLER_MS };
            dialling.start(now.ms, pause_ms);
        }
        Self {
            own,
            peer,
            address,
            limits,
            random: ChaCha20Rng::from_seed(seed),
            incarnation,
            peer_incarnation: None,
            lanes: Default::default(),
            verdicts: Outbound::default(),
            judged: 0,
            inbound: [Inbound::default(); CHANNELS],
            wants: BTreeMap::new(),
            answers: BTreeMap::new(),
            connections: BTreeMap::new(),
            current: None,
            dialling,
            progress_ms: now.ms,
            ending: None,
            effects: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// The next thing to do. To be asked after every input until it is `None`.
    pub fn poll(&mut self) -> Option<LinkEffect> {
        self.effects.pop_front()
    }

    /// The connection whose frames count.
    pub fn current(&self) -> Option<ConnectionId> {
        self.current
    }

    /// Queues a message. Messages of one source to one destination keep their order.
    ///
    /// # Errors
    /// [`QueueFull`] at the limits of messages or bytes.
    pub fn send(&mut self, now: Now, outgoing: Outgoing) -> Result<(), QueueFull> {
        let bytes = outgoing.message.wire_len();
        let (messages, queued) = self.queued();
        let full = messages >= self.limits.queue_messages_max
            || queued + bytes > self.limits.queue_bytes_max;
        if full {
            return Err(QueueFull(outgoing));
        }
        let lane = lane_of(&outgoing.message);
        self.lanes[lane].push(now.ms, bytes, outgoing);
        Ok(())
    }

    /// Queues a verdict for the peer. Returns whether there was room.
    pub fn send_verdict(&mut self, now: Now, verdict: VerdictFrame) -> bool {
        let room = self.verdicts.len() < self.limits.verdicts_max;
        if room {
            self.verdicts.push(now.ms, 0, verdict);
        }
        room
    }

    /// Takes a verdict of the peer into account. Returns whether it was owed one: no message has
    /// two, so there are not more than messages transmitted, of the last [`VERDICTS_OWED_MAX`].
    pub fn take_verdict(&mut self) -> bool {
        let sent: u64 = self.lanes.iter().map(Outbound::last).sum();
        self.judged = self.judged.max(sent.saturating_sub(VERDICTS_OWED_MAX));
        let owed = self.judged < sent;
        self.judged += u64::from(owed);
        owed
    }

    /// Asks the peer for a statement; repeated on each connection until [`Link::unwant`].
    pub fn want(&mut self, domain: Domain, nonce: Hash) {
        self.wants.insert(domain, nonce);
    }

    /// The statement is not waited for any more.
    pub fn unwant(&mut self, domain: Domain) {
        self.wants.remove(&domain);
    }

    /// Answers the peer's question for a statement, if the link is up.
    pub fn answer(&mut self, domain: Domain, statement: Option<Statement>) {
        if self.current.is_some() {
            self.answers.insert(domain, statement);
        }
    }

    /// The link at this moment.
    pub fn status(&mut self, now: Now) -> LinkStatus {
        let state = self.state();
        if self.counts.last_state.replace(state) != Some(state) {
            self.counts.state_since_ms = now.ms;
        }
        let (queued_messages, queued_bytes) = self.queued();
        let current = self.current.and_then(|id| self.connections.get(&id));
        LinkStatus {
            state,
            address: current.map(|current| current.address).or(self.address),
            since_ms: now.ms - self.counts.state_since_ms,
            last_reason: self.counts.last_reason.clone(),
            queued_messages,
            queued_bytes,
            queued_verdicts: self.verdicts.len(),
            sent: self.counts.sent,
            received: self.counts.received,
            repeats: self.counts.repeats,
            ups: self.counts.ups,
        }
    }

    fn state(&self) -> LinkState {
        if self.ending.is_some() {
            return LinkState::Closing;
        }
        if self.current.is_some() {
            return LinkState::Up;
        }
        if !self.connections.is_empty() {
            return LinkState::Greeting;
        }
        match self.dialling.state() {
            DialState::Idle => LinkState::Waiting,
            DialState::Pausing { .. } => LinkState::BackingOff,
            DialState::Trying { .. } => LinkState::Connecting,
        }
    }

    /// Messages that wait to be sent or acknowledged, and their bytes.
    fn queued(&self) -> (usize, usize) {
        let messages = self.lanes.iter().map(Outbound::len).sum();
        let bytes = self.lanes.iter().map(Outbound::bytes).sum();
        (messages, bytes)
    }

    fn give_up(&mut self, outgoing: Outgoing, code: VerdictCode, detail: &'static str) {
        let effect = LinkEffect::GaveUp(Box::new(outgoing), code, detail);
        self.effects.push_back(effect);
    }
}

/// The lane of a message: FNV-1a (Fowler, Noll, Vo) over source and destination, modulo the
/// lanes. Receivers do not depend on it.
fn lane_of(message: &Message) -> usize {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let header = message.header.to_bytes();
    let hash = header[..32].iter().fold(OFFSET, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(PRIME)
    });
    // The low bits of FNV mix only the low bits of its input.
    ((hash >> 32) ^ hash) as usize % LANES
}
