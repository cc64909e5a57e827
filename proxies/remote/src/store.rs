//! What a verifier must never forget about statements.

use std::collections::BTreeMap;

use libetp::Domain;
use libetp::digest::Hash;

/// Keeps, across restarts, the first key seen for each domain and the highest statement number
/// of each card. Without it a replayed or cloned card could move a domain back.
pub trait StatementStore: Send {
    /// The key id pinned for a domain.
    ///
    /// # Errors
    /// [`StoreError`] if the answer cannot be known; the statement is then refused.
    fn pinned(&self, domain: Domain) -> Result<Option<Hash>, StoreError>;

    /// The highest statement number accepted from a card.
    ///
    /// # Errors
    /// As [`StatementStore::pinned`].
    fn highest(&self, card: &Hash) -> Result<Option<u64>, StoreError>;

    /// Pins the card's key to the domain and raises its number. Durable before it returns, and
    /// both or neither.
    ///
    /// # Errors
    /// [`StoreError`] if it is not durable; the statement is then refused.
    fn keep(&mut self, domain: Domain, card: Hash, number: u64) -> Result<(), StoreError>;
}

/// The store failed; what happened, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("statement store: {0}")]
pub struct StoreError(pub String);

/// A store in memory, for tests and simulations.
#[derive(Clone, Debug, Default)]
pub struct MemoryStatementStore {
    pins: BTreeMap<Domain, Hash>,
    numbers: BTreeMap<Hash, u64>,
}

impl StatementStore for MemoryStatementStore {
    fn pinned(&self, domain: Domain) -> Result<Option<Hash>, StoreError> {
        Ok(self.pins.get(&domain).copied())
    }

    fn highest(&self, card: &Hash) -> Result<Option<u64>, StoreError> {
        Ok(self.numbers.get(card).copied())
    }

    fn keep(&mut self, domain: Domain, card: Hash, number: u64) -> Result<(), StoreError> {
        self.pins.insert(domain, card);
        self.numbers.insert(card, number);
        Ok(())
    }
}
