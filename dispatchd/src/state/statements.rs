//! The newest statement of each foreign card, and the key that was first seen for its domain.

use libetp::Domain;
use libetp::digest::Hash;

use super::domains::LOCAL;
use super::{State, StateError, Table};

const PINS: Table = Table::new("domain-keys");
const NUMBERS: Table = Table::new("statement-numbers");
pub(super) const TABLES: [Table; 2] = [PINS, NUMBERS];

/// Why a statement is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum StatementRefusal {
    /// The first key seen for a domain is pinned; a second is an alarm.
    #[error("another card claims domain {0}")]
    AnotherKey(Domain),
    /// The card made a newer statement before: its home moved.
    #[error("statement {shown} of domain {domain} is not newer than {highest}")]
    Stale {
        /// Whose.
        domain: Domain,
        /// The number shown.
        shown: u64,
        /// The number kept.
        highest: u64,
    },
    /// The state failed.
    #[error(transparent)]
    State(#[from] StateError),
}

impl State {
    /// Records a statement of a card of this host. The number never sinks.
    ///
    /// # Errors
    /// [`StateError`] if nothing was written.
    pub fn raise_statement_number(&self, key: &Hash, number: u64) -> Result<(), StateError> {
        self.change(|change| {
            let known: Option<u64> = change.get(NUMBERS, key)?;
            change.put(NUMBERS, key, &number.max(known.unwrap_or(0)))
        })
    }

    /// Pins the domain's key and keeps the statement's number, if both may be.
    ///
    /// # Errors
    /// [`StatementRefusal`]; then nothing changed.
    pub fn accept_statement(
        &self,
        domain: Domain,
        key: Hash,
        number: u64,
    ) -> Result<(), StatementRefusal> {
        self.change(|change| {
            let local: Option<Hash> = change.get(LOCAL, &domain.0)?;
            let pinned = local.map_or_else(|| change.get(PINS, &domain.0), |key| Ok(Some(key)))?;
            if pinned.is_some_and(|pinned| pinned != key) {
                return Err(StatementRefusal::AnotherKey(domain));
            }
            if let Some(highest) = change.get::<u64>(NUMBERS, &key)?
                && number <= highest
            {
                return Err(StatementRefusal::Stale {
                    domain,
                    shown: number,
                    highest,
                });
            }
            change.put(PINS, &domain.0, &key)?;
            Ok(change.put(NUMBERS, &key, &number)?)
        })
    }

    /// The key of a local domain, or the one pinned for a foreign one.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn pinned_key(&self, domain: Domain) -> Result<Option<Hash>, StateError> {
        match self.read(LOCAL, &domain.0)? {
            Some(key) => Ok(Some(key)),
            None => self.read(PINS, &domain.0),
        }
    }

    /// The highest statement number of a card.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn statement_number(&self, key: &Hash) -> Result<Option<u64>, StateError> {
        self.read(NUMBERS, key)
    }
}

impl remote_proxy::StatementStore for State {
    fn pinned(&self, domain: Domain) -> Result<Option<Hash>, remote_proxy::StoreError> {
        self.pinned_key(domain).map_err(store_error)
    }

    fn highest(&self, card: &Hash) -> Result<Option<u64>, remote_proxy::StoreError> {
        self.statement_number(card).map_err(store_error)
    }

    fn keep(
        &mut self,
        domain: Domain,
        card: Hash,
        number: u64,
    ) -> Result<(), remote_proxy::StoreError> {
        self.accept_statement(domain, card, number)
            .map_err(store_error)
    }
}

fn store_error(error: impl std::fmt::Display) -> remote_proxy::StoreError {
    remote_proxy::StoreError(error.to_string())
}
