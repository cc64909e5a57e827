//! The adversary: what a host may do to messages that pass it, on purpose, for experiments.
//!
//! A host may lose, delay, duplicate and reorder what passes through it, so protocols between cards must bear it. A
//! policy makes it happen the same way each time for the same seed. [`Adversary`] does it by chance, whatever the
//! messages are. [`SessionAdversary`] loses packets of a session of secure computation by a strategy, together with
//! other corrupt hosts, as the simulator does. Both need the feature `experiment`, which no package is built with, and
//! a daemon that was started with `--experiment`; `status` says so.

mod chance;
mod session;

pub use chance::{Adversary, AdversaryText, DELAY_MS_MAX, PER_MILLE};
pub use session::{AttackText, SessionAdversary, SessionText};

use serde::Deserialize;

use crate::Policy;

/// The adversary of a rule file: that of a session if its cards are named.
///
/// # Errors
/// What is wrong with the text, in words.
pub fn read(table: toml::Table) -> Result<Box<dyn Policy>, String> {
    let words = |error: toml::de::Error| error.message().to_owned();
    match table.contains_key("cards") {
        true => {
            let text = SessionText::deserialize(table).map_err(words)?;
            Ok(Box::new(SessionAdversary::new(&text)?))
        }
        false => {
            let text = AdversaryText::deserialize(table).map_err(words)?;
            Ok(Box::new(Adversary::new(text)?))
        }
    }
}
