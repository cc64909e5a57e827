//! The rollback witness: how far a card had come when it was last seen.
//!
//! Each transaction of a card increases its generation, which it signs in `hello`. A card that
//! shows a generation that is not larger than the witness was restored from an older snapshot.
//! The witness protects honest owners; only a card of class 1 or more stops a dishonest one.

use libetp::Domain;

use super::{State, StateError, Table};

const WITNESS: Table = Table::new("witness");
pub(super) const TABLES: [Table; 1] = [WITNESS];

libetp::structure! {
    /// How far a card had come.
    #[derive(Default)]
    pub struct Witness {
        /// Its transactions.
        pub generation: u64,
        /// The highest port that it reserved; 0 for none. It never sinks.
        pub highest_port: u32,
        /// The highest number of a message from it.
        pub highest_number: u64,
        /// Whether the administrator accepted that it was restored: the next card that proves
        /// itself sets `generation` and `highest_number` anew.
        pub rollback_accepted: bool,
    }
}

/// A card is older than its witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the card of domain {domain} was restored from an older state: it is at transaction \
     {shown}, but was at {seen} before"
)]
pub struct Rollback {
    /// Whose.
    pub domain: Domain,
    /// What it shows now.
    pub shown: u64,
    /// What the witness says.
    pub seen: u64,
}

impl Witness {
    /// Judges the generation that a card signed over a fresh nonce. The transaction of that very
    /// answer counts, so an honest card shows more than was ever seen.
    ///
    /// # Errors
    /// [`Rollback`] if the card is older than this witness and nobody accepted that.
    pub fn judge(&self, domain: Domain, shown: u64) -> Result<(), Rollback> {
        match self.rollback_accepted || shown > self.generation {
            true => Ok(()),
            false => Err(Rollback {
                domain,
                shown,
                seen: self.generation,
            }),
        }
    }

    /// What is known after a card was judged well.
    #[must_use]
    pub fn accept(&self, generation: u64, highest_port: u32) -> Self {
        Self {
            generation,
            highest_port: self.highest_port.max(highest_port),
            highest_number: if self.rollback_accepted {
                0
            } else {
                self.highest_number
            },
            rollback_accepted: false,
        }
    }

    /// What is known after both.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self {
            generation: self.generation.max(other.generation),
            highest_port: self.highest_port.max(other.highest_port),
            highest_number: self.highest_number.max(other.highest_number),
            rollback_accepted: self.rollback_accepted && other.rollback_accepted,
        }
    }

    /// What a message number says: the transaction that made it is its upper 48 bits.
    pub fn of_number(number: u64) -> Self {
        Self {
            generation: number >> 16,
            highest_number: number,
            ..Self::default()
        }
    }
}

impl State {
    /// What is known of a card; `None` if it was never seen.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub fn witness(&self, domain: Domain) -> Result<Option<Witness>, StateError> {
        self.read(WITNESS, &domain.0)
    }

    /// Records a card that was judged well.
    ///
    /// # Errors
    /// [`StateError`] if nothing was written.
    pub fn set_witness(&self, domain: Domain, witness: &Witness) -> Result<(), StateError> {
        self.change(|change| change.put(WITNESS, &domain.0, witness))
    }

    /// Records that cards went on. Nothing sinks.
    ///
    /// # Errors
    /// [`StateError`] if nothing was written.
    pub fn raise_witnesses(&self, seen: &[(Domain, Witness)]) -> Result<(), StateError> {
        self.change(|change| {
            for (domain, seen) in seen {
                let known: Option<Witness> = change.get(WITNESS, &domain.0)?;
                let joined = known.unwrap_or_default().join(seen);
                change.put(WITNESS, &domain.0, &joined)?;
            }
            Ok(())
        })
    }

    /// Accepts that a card was restored; its ports still never sink below the witness. Says
    /// whether the domain is known at all.
    ///
    /// # Errors
    /// [`StateError`] if nothing was written.
    pub fn accept_rollback(&self, domain: Domain) -> Result<bool, StateError> {
        self.change(|change| {
            let Some(mut witness) = change.get::<Witness>(WITNESS, &domain.0)? else {
                return Ok(false);
            };
            witness.rollback_accepted = true;
            change.put(WITNESS, &domain.0, &witness)?;
            Ok(true)
        })
    }
}
