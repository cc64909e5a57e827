//! The domains of this host's own cards.
//!
//! They are loaded before any link opens, so that no other host can speak for a card that lives
//! here, not even before it has started. Only the administrator removes one.

use libetp::Domain;
use libetp::digest::Hash;

use super::{State, StateError, Table};

pub(super) const LOCAL: Table = Table::new("local-domains");
/// Numbers of statements by which cards said that they are at another host.
const SUSPENDED: Table = Table::new("suspended-domains");
pub(super) const TABLES: [Table; 2] = [LOCAL, SUSPENDED];

impl State {
    /// The local domains with the keys of their cards.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn local_domains(&self) -> Result<Vec<(Domain, Hash)>, StateError> {
        let entries = self.read_all::<Hash>(LOCAL)?;
        let entry = |(domain, key): (Vec<u8>, Hash)| Ok((Domain(self.fixed(&domain)?), key));
        entries.into_iter().map(entry).collect()
    }

    /// Adds the domain of a card that proved its key.
    ///
    /// # Errors
    /// [`StateError::Pinned`] if it was added with another key.
    pub fn add_local_domain(&self, domain: Domain, key: Hash) -> Result<(), StateError> {
        self.change(|change| match change.get::<Hash>(LOCAL, &domain.0)? {
            Some(pinned) if pinned == key => Ok(()),
            Some(_) => Err(StateError::Pinned(domain)),
            None => change.put(LOCAL, &domain.0, &key),
        })
    }

    /// Removes a domain, so that another host may serve it. Says whether it was there.
    ///
    /// # Errors
    /// [`StateError`] if nothing was written.
    pub fn remove_local_domain(&self, domain: Domain) -> Result<bool, StateError> {
        self.change(|change| {
            let known = change.get::<Hash>(LOCAL, &domain.0)?.is_some();
            change.delete(LOCAL, &domain.0)?;
            change.delete(SUSPENDED, &domain.0)?;
            Ok(known)
        })
    }

    /// The card stated with this number that it is at another host.
    ///
    /// # Errors
    /// [`StateError`] if nothing was written.
    pub fn suspend(&self, domain: Domain, number: u64) -> Result<(), StateError> {
        self.change(|change| {
            let before = change.get::<u64>(SUSPENDED, &domain.0)?;
            let highest = before.unwrap_or(0).max(number);
            change.put(SUSPENDED, &domain.0, &highest)
        })
    }

    /// The card stated anew that it is at this host.
    ///
    /// # Errors
    /// [`StateError`] if nothing was written.
    pub fn end_suspension(&self, domain: Domain) -> Result<(), StateError> {
        self.change(|change| change.delete(SUSPENDED, &domain.0))
    }

    /// The number of the newest statement that the domain's card is at another host, if it is.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn suspension(&self, domain: Domain) -> Result<Option<u64>, StateError> {
        self.read(SUSPENDED, &domain.0)
    }
}
