//! Where durable capabilities outlive the daemon.

use libetp::EntityId;
use libetp::digest::{Hash, sha256};

/// What is kept of a durable capability. Secrets are kept as SHA-256 only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCapability {
    /// The id.
    pub id: EntityId,
    /// The user that acquired it; nobody else resumes it.
    pub uid: u32,
    /// What the program called itself, for people.
    pub name: String,
    /// SHA-256 of the secret that resumes it next.
    pub current: Hash,
    /// SHA-256 of the secret before, while the program may not have received the current one.
    pub previous: Option<Hash>,
    /// SHA-256 of spent secrets, oldest first, at most [`SPENT_SECRETS_MAX`]. Whoever shows one of
    /// them has a copy of what only the owner should have.
    pub spent: Vec<Hash>,
}

/// How many spent secrets are recognised; an older one is a bad secret like any other.
pub const SPENT_SECRETS_MAX: usize = 32;

impl StoredCapability {
    /// The stored form of a secret.
    pub fn hash(secret: &[u8; 32]) -> Hash {
        sha256(secret)
    }
}

/// The store could not do what it was asked to; in words for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("capability store: {0}")]
pub struct StoreError(pub String);

/// Keeps durable capabilities. Runs on a thread of its own, so calls may block.
pub trait CapabilityStore: Send {
    /// Everything stored.
    ///
    /// # Errors
    /// [`StoreError`] if it cannot be read or understood.
    fn load(&mut self) -> Result<Vec<StoredCapability>, StoreError>;
    /// Stores or replaces one; durable when it returns.
    ///
    /// # Errors
    /// [`StoreError`] if it may not survive a loss of power.
    fn put(&mut self, capability: &StoredCapability) -> Result<(), StoreError>;
    /// Forgets one, if it is there; durable when it returns.
    ///
    /// # Errors
    /// [`StoreError`] if it may come back after a loss of power.
    fn remove(&mut self, id: EntityId) -> Result<(), StoreError>;
}
