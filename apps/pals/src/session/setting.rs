//! What the members of a session agreed on, whatever it is for.

use libetp::params::pals::Descriptor;
use oncard_trustedpals::session::Terms;

use super::program::{Failure, Kind};
use super::roster::Roster;

/// A session that cards take, and its members.
pub(super) struct Setting {
    pub(super) terms: Terms,
    pub(super) roster: Roster,
}

impl Setting {
    /// Of a descriptor, as the member with that key sees it.
    pub(super) fn new(descriptor: Descriptor, key: &[u8; 32]) -> Result<Self, Failure> {
        let roster = Roster::new(&descriptor, key);
        let terms = Terms::new(descriptor, key).map_err(|error| {
            let text = format!("no card takes such a session: {error}");
            Failure::new(Kind::Usage, text)
        })?;
        Ok(Self { terms, roster })
    }

    pub(super) fn descriptor(&self) -> &Descriptor {
        self.terms.descriptor()
    }

    /// How long it takes at most.
    pub(super) fn time(&self) -> String {
        let rounds = self.terms.plan().last_round();
        let round_ms = self.descriptor().round_ms;
        let most_ms = u64::from(round_ms) * (u64::from(rounds) + 2);
        let most_s = most_ms.div_ceil(1_000);
        format!("{rounds} rounds of at most {round_ms} ms: at most {most_s} s from the start.")
    }
}
