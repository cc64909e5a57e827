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

    /// What may be said of the cards: `software`, if they may be programs.
    pub(super) fn cards(&self, software: &str) -> String {
        of_class(self.descriptor().min_class, software)
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

/// The lowest class of cards that nobody looks into, nor changes: `docs/cards.md`.
const HARDWARE: u8 = 2;

fn of_class(class: u8, software: &str) -> String {
    match class {
        0..HARDWARE => format!("Class {class}: {software}"),
        _ => "Cards are tamper-resistant, of the class that their certificates say.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_below_hardware_are_said_to_be_software() {
        for class in [0, 1] {
            let words = of_class(class, "cards may be programs.");
            assert_eq!(words, format!("Class {class}: cards may be programs."));
        }
        assert!(of_class(2, "cards may be programs.").starts_with("Cards are tamper-resistant"));
    }
}
