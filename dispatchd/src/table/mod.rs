//! The dispatch table: pure state machines, one per I/O thread, that store every message until it
//! is received.

mod directory;
mod ports;
mod registry;
mod store;

pub use directory::{CardLimits, Directory, DomainState};
pub use ports::{PORTS_LOW, PortPool, Taken};
pub use registry::{Registry, ShardIndex};
pub use store::{CapabilityStore, SPENT_SECRETS_MAX, StoreError, StoredCapability};
