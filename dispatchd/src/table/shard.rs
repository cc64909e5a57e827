//! One shard: everything that one I/O thread's connections and ids are.
//!
//! Sans-I/O. Bytes of connections go in through [`Shard::received`] and come out through
//! [`Shard::output`]; everything else is an [`Input`] or an [`Effect`]. Time comes with
//! [`Input::Tick`], randomness from a closure that is passed in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use guard_policies::{Membership, Principal};
use libetp::digest::Hash;
use libetp::{Domain, EntityId};

use super::acquire::Pending;
use super::bucket::Buckets;
use super::capability::{Capability, Durable};
use super::card::CardQueue;
use super::connection::Connection;
use super::counters::Counters;
use super::derive::Grant;
use super::directory::Directory;
use super::effect::{Effect, Ticket};
use super::guard::Guard;
use super::ledger::{Accounts, Load, Sender};
use super::limits::{ACQUIRE_REFILL_MS, AUTH_FAILURE_REFILL_MS, AUTH_FAILURES_BURST, Limits};
use super::mailbox::Mailbox;
use super::parking::Parking;
use super::ports::PortPool;
use super::registry::{Registry, ShardIndex};
use super::returns::ConnectionId;
use super::slice::Slice;
use super::store::StoredCapability;
use super::storing::Storing;

/// What all shards of a table share.
#[derive(Debug)]
pub struct Shared {
    /// Where ids live.
    pub registry: Registry,
    /// Ports that no program has.
    pub ports: PortPool,
    /// How many shards there are.
    pub shards: u16,
    /// The limits.
    pub limits: Limits,
    /// Name and version, for `WELCOME`.
    pub software: String,
    /// Whether [`Effect::Trace`] is wanted.
    pub trace: bool,
    pub(super) acquires: Buckets,
    pub(super) auth_failures: Buckets,
}

impl Shared {
    /// For a table of so many shards.
    pub fn new(shards: u16, limits: Limits, software: String, trace: bool) -> Self {
        Self {
            registry: Registry::default(),
            ports: PortPool::default(),
            shards,
            limits,
            software,
            trace,
            acquires: Buckets::new(limits.acquire_burst, ACQUIRE_REFILL_MS),
            auth_failures: Buckets::new(AUTH_FAILURES_BURST, AUTH_FAILURE_REFILL_MS),
        }
    }

    /// The shard that a card's queue lives in.
    pub fn home(&self, domain: Domain) -> ShardIndex {
        let sum = domain.0.iter().fold(0u32, |sum, &byte| {
            sum.wrapping_mul(31).wrapping_add(u32::from(byte))
        });
        (sum % u32::from(self.shards)) as ShardIndex
    }
}

/// Where 32 unpredictable bytes come from.
pub type Entropy = Box<dyn FnMut() -> [u8; 32] + Send>;

/// See the module's head.
pub struct Shard {
    pub(super) index: ShardIndex,
    pub(super) shared: Arc<Shared>,
    pub(super) directory: Arc<Directory>,
    pub(super) connections: BTreeMap<ConnectionId, Connection>,
    /// Where connections are that connected here and moved.
    pub(super) moved: BTreeMap<ConnectionId, ShardIndex>,
    pub(super) capabilities: BTreeMap<EntityId, Capability>,
    pub(super) cards: BTreeMap<Domain, CardQueue>,
    /// Ids that ended while their card was not live.
    pub(super) ended: BTreeMap<Domain, BTreeSet<EntityId>>,
    pub(super) grants: BTreeMap<Hash, Grant>,
    pub(super) pending: VecDeque<Pending>,
    /// Connections by age, until they said `HELLO`.
    pub(super) ungreeted: VecDeque<ConnectionId>,
    pub(super) storing: BTreeMap<Ticket, Storing>,
    pub(super) accounts: Accounts,
    pub(super) ids_of: BTreeMap<u32, u32>,
    pub(super) counters: Counters,
    pub(super) effects: Vec<Effect>,
    pub(super) dirty: Vec<ConnectionId>,
    pub(super) spare_buffers: Vec<Vec<u8>>,
    /// Ids whose mailboxes hold more room than they need.
    pub(super) roomy: BTreeSet<EntityId>,
    pub(super) entropy: Entropy,
    /// Proves numbers that other hosts bring back.
    pub(super) remote_secret: Hash,
    pub(super) next_connection: u64,
    pub(super) next_ticket: u64,
    pub(super) now_ms: u64,
    pub(super) unix_s: u64,
    pub(super) guard: Arc<Guard>,
    pub(super) parking: Parking,
    pub(super) slice: Slice,
    pub(super) stored_messages: u64,
    pub(super) taken_messages: u64,
}

impl Shard {
    /// An empty shard.
    pub fn new(
        index: ShardIndex,
        shared: Arc<Shared>,
        directory: Arc<Directory>,
        mut entropy: Entropy,
    ) -> Self {
        Self {
            remote_secret: entropy(),
            parking: Parking::new(entropy()),
            slice: Slice::default(),
            index,
            shared,
            directory,
            connections: BTreeMap::new(),
            moved: BTreeMap::new(),
            capabilities: BTreeMap::new(),
            cards: BTreeMap::new(),
            ended: BTreeMap::new(),
            grants: BTreeMap::new(),
            pending: VecDeque::new(),
            ungreeted: VecDeque::new(),
            storing: BTreeMap::new(),
            accounts: Accounts::default(),
            ids_of: BTreeMap::new(),
            counters: Counters::default(),
            effects: Vec::new(),
            dirty: Vec::new(),
            spare_buffers: Vec::new(),
            roomy: BTreeSet::new(),
            entropy,
            next_connection: 1,
            next_ticket: 1,
            now_ms: 0,
            unix_s: 0,
            guard: Arc::default(),
            stored_messages: 0,
            taken_messages: 0,
        }
    }

    /// Its number among the shards.
    pub fn index(&self) -> ShardIndex {
        self.index
    }

    /// Whether [`Effect::Trace`] is wanted.
    pub fn is_traced(&self) -> bool {
        self.shared.trace
    }

    /// Takes up a durable capability that outlived the daemon. Its mail did not.
    pub fn restore(&mut self, stored: StoredCapability) {
        let name = stored.name.clone();
        let (id, uid) = (stored.id, stored.uid);
        let durable = Durable {
            stored,
            is_storing: false,
            is_unconfirmed: false,
        };
        self.insert_capability(id, uid, name, Some(durable));
    }

    /// Makes the id exist, with an empty mailbox and nobody connected.
    pub(super) fn insert_capability(
        &mut self,
        id: EntityId,
        uid: u32,
        name: String,
        durable: Option<Durable>,
    ) {
        let capability = Capability {
            uid,
            name,
            // Nobody knows what a card remembers from before the daemon started.
            may_be_authenticated: durable.is_some(),
            durable,
            connection: None,
            mailbox: Mailbox::new(&self.shared.limits),
            account: self.accounts.open(Sender::User(uid)),
        };
        *self.ids_of.entry(uid).or_default() += 1;
        self.capabilities.insert(id, capability);
        self.shared.registry.insert(id, self.index);
    }

    /// A program connected. `membership` is what the kernel says of it beside `peer`, if it did.
    pub fn connected(
        &mut self,
        peer: Principal,
        membership: Option<Arc<Membership>>,
    ) -> ConnectionId {
        let id = ConnectionId::new(self.index, self.next_connection);
        self.next_connection += 1;
        let account = self.accounts.open(Sender::User(peer.uid));
        let connection = Connection::new(id, (peer, membership), account, self.now_ms);
        self.connections.insert(id, connection);
        self.ungreeted.push_back(id);
        id
    }

    /// What the shard wants done, in order.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Whether [`Shard::take_effects`] would give something.
    pub fn has_effects(&self) -> bool {
        !self.effects.is_empty()
    }

    pub(super) fn sender_limit(&self) -> Load {
        Load {
            messages: self.shared.limits.sender_messages_max,
            bytes: self.shared.limits.sender_bytes_max,
        }
    }

    pub(super) fn fresh_ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// Counts, and tells the log.
    pub(super) fn event(
        &mut self,
        name: &'static str,
        id: Option<EntityId>,
        principal: Option<Principal>,
        detail: impl Into<String>,
    ) {
        self.counters.add(name);
        let detail = detail.into();
        self.effects
            .push(Effect::Event(name, id, principal, detail));
    }

    /// A slice of work begins, of something else than the bytes of one connection.
    pub fn begin_slice(&mut self) {
        self.slice.begin();
    }

    /// Whether others should have their turn before more is put in.
    pub fn is_slice_over(&self) -> bool {
        self.slice.is_over()
    }

    /// Whether the bytes of a connection are wanted now.
    pub fn wants_read(&self, id: ConnectionId) -> bool {
        self.connections.get(&id).is_some_and(|connection| {
            let is_reading = !connection.is_waiting && !connection.is_closing();
            is_reading && connection.answers().len() <= self.shared.limits.answers_bytes_max
        })
    }
}
