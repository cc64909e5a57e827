//! The dispatch table: pure state machines, one per I/O thread, that store every message until it
//! is received.
//!
//! A [`Shard`] is sans-I/O and runs the same in the daemon and in tests. Shards share a
//! [`Registry`] of ids and a [`PortPool`], and hold equal snapshots of the [`Directory`]; messages
//! for another shard leave as effects. An id lives in one shard for ever: a connection that takes
//! it up moves there.

mod acquire;
mod bucket;
mod capability;
mod card;
mod cards;
mod connection;
mod counters;
mod derive;
mod directory;
mod effect;
mod ending;
mod frames;
mod guard;
mod inputs;
mod ledger;
mod limits;
mod mailbox;
mod moving;
mod output;
mod parking;
mod ports;
mod registry;
mod resume;
mod returns;
mod route;
mod scope;
mod secret;
mod send;
mod shard;
mod slice;
mod snapshot;
mod store;
mod storing;
mod turns;
mod verdicts;
mod watching;

pub use card::CARD_WINDOW_MESSAGES;
pub use directory::{CardLimits, Directory, DomainState};
pub use effect::{Change, Crossing, Effect, ForRemote, Input, Ticket};
pub use guard::{Guard, GuardRecord};
pub use ledger::Sender;
pub use limits::*;
pub use moving::Departed;
pub use parking::{HeldSnapshot, HoldTicket, SlowJob};
pub use ports::{PORTS_LOW, PortPool, Taken};
pub use registry::{Registry, ShardIndex};
pub use returns::{Back, ConnectionId};
pub use scope::Scope;
pub use secret::Shown;
pub use shard::{Entropy, Shard, Shared};
pub use slice::{SLICE_FRAMES, SLICE_FUEL};
pub use snapshot::{IdSnapshot, ShardSnapshot};
pub use store::{CapabilityStore, SPENT_SECRETS_MAX, StoreError, StoredCapability};
pub use verdicts::ReturnedAtOnce;
pub use watching::{CardReason, CardState};
